"""Signing in: OpenID Connect for a desktop application, and the operating system's key ring."""
