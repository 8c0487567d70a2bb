"""Load all pixels of a folder with another library and print ``{"s": ..., "slices": ...}``; imports do not count.

``load_series.py dicomsdl|simpleitk|pydicom FOLDER``
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np


def with_dicomsdl(files: list[Path]) -> int:
    """Headers and pixels of each file, ordered by position, into one array."""
    import dicomsdl

    slices = []
    for file in files:
        dataset = dicomsdl.open(str(file))
        slices.append(
            (float(dataset.getDataElement("ImagePositionPatient").value()[2]), dataset.pixelData(storedvalue=True))
        )
    slices.sort(key=lambda one: one[0])
    return len(np.stack([pixels for _, pixels in slices]))


def with_simpleitk(files: list[Path]) -> int:
    """The series reader, sorting included, as its documentation shows it."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files[0].parent)))
    return int(reader.Execute().GetSize()[2])


def with_pydicom(files: list[Path]) -> int:
    """Each file read whole, ordered by position, into one array."""
    import pydicom

    datasets = [pydicom.dcmread(file) for file in files]
    datasets.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    volume = np.empty((len(datasets), datasets[0].Rows, datasets[0].Columns), dtype=datasets[0].pixel_array.dtype)
    for index, dataset in enumerate(datasets):
        volume[index] = dataset.pixel_array
    return len(volume)


def main() -> None:
    """Time one way."""
    way = {"dicomsdl": with_dicomsdl, "simpleitk": with_simpleitk, "pydicom": with_pydicom}[sys.argv[1]]
    __import__({"simpleitk": "SimpleITK"}.get(sys.argv[1], sys.argv[1]))
    started = time.perf_counter()
    count = way(sorted(Path(sys.argv[2]).iterdir()))
    print(json.dumps({"s": time.perf_counter() - started, "slices": count}))


if __name__ == "__main__":
    main()
