"""The image store: parser, crypto, sign-in and streaming; most of it against the real servers of the stand-in."""
