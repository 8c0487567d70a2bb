"""Decode the bare frames of a folder, one at a time on one core, with every library that can.

``bare_frames.py KIND FOLDER`` prints ``{"LIBRARY": seconds per frame, ...}``; reading the files does not count. Each
library's result is held against the first one's, so that a fast wrong answer is no peer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.encaps import generate_frames

Decode = Callable[[bytes], np.ndarray]
_SIDE = 512
#: One frame each for a first touch, then this long at most.
_LONGEST_S = 6.0


def decoders(kind: str) -> dict[str, Decode]:
    """Return the libraries that decode a bare frame of a kind."""
    import imagecodecs

    if kind in {"jpeg2000", "htj2k"}:
        import openjpeg

        own = imagecodecs.jpeg2k_decode if kind == "jpeg2000" else imagecodecs.htj2k_decode
        return {"imagecodecs": own, "pylibjpeg-openjpeg": openjpeg.decode}
    if kind == "jpeg-ls":
        import jpeg_ls

        return {"imagecodecs": imagecodecs.jpegls_decode, "pyjpegls": jpeg_ls.decode}
    if kind == "jpeg-lossless":
        return {"imagecodecs jpegsof3": imagecodecs.jpegsof3_decode, "imagecodecs ljpeg": imagecodecs.ljpeg_decode}
    from rle import rle

    def with_rle(data: bytes) -> np.ndarray:
        return np.frombuffer(rle.decode_frame(data, _SIDE * _SIDE, 16, "<"), "<u2").reshape(_SIDE, _SIDE)

    def with_imagecodecs(data: bytes) -> np.ndarray:
        return np.frombuffer(imagecodecs.dicomrle_decode(data, dtype="<u2"), "<u2").reshape(_SIDE, _SIDE)

    return {"pylibjpeg-rle": with_rle, "imagecodecs": with_imagecodecs}


def main() -> None:
    """Time every library on the same frames."""
    kind, folder = sys.argv[1:3]
    frames = []
    for file in sorted(Path(folder).iterdir()):
        dataset = pydicom.dcmread(file)
        frames += list(generate_frames(dataset.PixelData, number_of_frames=1))
    seconds, truth = {}, None
    for name, decode in decoders(kind).items():
        try:
            result = np.asarray(decode(frames[0])).reshape(_SIDE, _SIDE).astype(np.uint16)
        except Exception as error:  # noqa: BLE001  a library that cannot is no peer; its reason is said
            sys.stderr.write(f"{name}: {error}\n")
            continue
        truth = result if truth is None else truth
        if not np.array_equal(result, truth):
            sys.stderr.write(f"{name}: other pixels than the first library\n")
            continue
        started, done = time.perf_counter(), 0
        for frame in frames:
            decode(frame)
            done += 1
            if time.perf_counter() - started > _LONGEST_S:
                break
        seconds[name] = (time.perf_counter() - started) / done
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
