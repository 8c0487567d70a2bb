"""What the mouse does: each drag yields one command."""
