"""The window and its layout."""
