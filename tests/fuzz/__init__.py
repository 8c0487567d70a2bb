"""Hostile and broken input: named recipes, a mutator, and the campaign that runs them through the real path."""
