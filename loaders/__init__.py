"""Bring studies in: find, fetch, decode, assemble. No Qt, no VTK."""
