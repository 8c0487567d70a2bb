"""The nouns of the field as frozen values. Imports numpy and the standard library, nothing of ours above it.

Coordinates: patient space is LPS in millimetres (PS3.3 C.7.6.2.1.1). Array order is z, y, x = frame, row, column.
In-plane points are (column, row) in pixels of the stored matrix, (0, 0) at the *centre* of the first pixel.
"""
