"""Bringing instances from a store: in which order, over how many connections, checked against what was announced."""
