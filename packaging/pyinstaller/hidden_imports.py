"""What the packaged application needs beyond what its ``import`` statements show.

Read by ``diptych.spec`` and by the test that holds it against the tables of verbs, tasks and decoders.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN_PACKAGES = ("viewer", "compare", "loaders", "resources")

#: imagecodecs loads one extension for each codec, by name, when it is first asked for.
_CODECS = ("_shared", "_shared_cython", "_imcd", "_jpeg8", "_jpegsof3", "_ljpeg", "_jpegls", "_jpeg2k", "_htj2k")

#: Found at run time by name or entry point only.
_BY_NAME = (
    "jpeg_ls",
    "openjpeg",
    "openjpeg.utils",
    "pylibjpeg",
    "pydicom.encoders.native",
    "pydicom.pixels.decoders.rle",
    "pydicom.pixels.encoders.native",
    "PIL.Jpeg2KImagePlugin",
    "PIL.PngImagePlugin",
)
#: Whole trees of these would double the folder, and none of it is used.
EXCLUDED = (
    "tkinter",
    "matplotlib",
    "pandas",
    "IPython",
    "pytest",
    "hypothesis",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "vtkmodules.all",
    "vtkmodules.web",
    "tests",
)


def own_modules() -> list[str]:
    """Every module of ours: verbs, tasks and panels are looked up by name."""
    names = []
    for package in OWN_PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def hidden_imports() -> list[str]:
    """All names, those first that are ours; names that this platform does not have are left out."""
    keyrings = [point.value.partition(":")[0] for point in entry_points(group="keyring.backends")]
    codecs = [f"imagecodecs.{codec}" for codec in _CODECS]
    others = [*codecs, *(name for name in _BY_NAME if _is_there(name)), *keyrings]
    return list(dict.fromkeys([*own_modules(), *(name for name in others if _is_there(name))]))


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


if __name__ == "__main__":
    sys.stdout.write("\n".join(hidden_imports()) + "\n")
