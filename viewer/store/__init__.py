"""The image store in the window: sign-in, one patient, streaming, what is kept, the lock."""
