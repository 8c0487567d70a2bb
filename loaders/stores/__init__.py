"""Image stores behind one small protocol: a folder and a hospital's store answer the same questions."""
