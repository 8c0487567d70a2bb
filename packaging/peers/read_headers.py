"""Read the headers of a folder with pydicom, pixels left out, on one core; print ``{"s": ..., "files": ...}``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pydicom


def main() -> None:
    """Time it."""
    files = sorted(Path(sys.argv[1]).iterdir())
    started = time.perf_counter()
    for file in files:
        pydicom.dcmread(file, stop_before_pixels=True)
    print(json.dumps({"s": time.perf_counter() - started, "files": len(files)}))


if __name__ == "__main__":
    main()
