"""The only place where threads and processes meet Qt."""
