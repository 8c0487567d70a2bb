"""HTTP towards an image store: TLS, one origin, bounded answers, a streaming multipart reader."""
