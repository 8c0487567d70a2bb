"""Tests of the change of language."""
