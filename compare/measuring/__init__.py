"""Measurements in patient millimetres."""
