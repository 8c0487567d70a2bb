"""Label grids as NIfTI-1 (nifti.nimh.nih.gov/nifti-1): the form in which other programs read masks."""

from __future__ import annotations

import gzip
import struct

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES, _OFFSET = 348, 352
_INT16_CODE = 4
_SCANNER_ANATOMICAL = 1


def nifti_bytes(labels_zyx: NDArray[np.integer], index_to_lps: NDArray[np.float64]) -> bytes:
    """Return a .nii.gz of int16 labels; ``index_to_lps`` (4, 4) takes (z, y, x, 1) to LPS mm. NIfTI itself is RAS."""
    z, y, x = labels_zyx.shape
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ index_to_lps[:, [2, 1, 0, 3]]
    spacing = np.linalg.norm(ras[:3, :3], axis=0)
    header = bytearray(_OFFSET)
    struct.pack_into("<i", header, 0, _HEADER_BYTES)
    struct.pack_into("<8h", header, 40, 3, x, y, z, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, _INT16_CODE, 16)
    struct.pack_into("<8f", header, 76, 1.0, *spacing, 0.0, 0.0, 0.0, 0.0)
    struct.pack_into("<3f", header, 108, float(_OFFSET), 1.0, 0.0)
    header[123] = 2  # millimetres
    struct.pack_into("<2h", header, 252, 0, _SCANNER_ANATOMICAL)
    struct.pack_into("<12f", header, 280, *ras[:3].ravel())
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + labels_zyx.astype("<i2").tobytes(), compresslevel=6, mtime=0)
