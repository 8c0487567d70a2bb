"""Memory budget and caches."""
