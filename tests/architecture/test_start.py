"""What the window must not import before it stands: each costs between a tenth and a third of a second."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Needed to read files, to compute on volumes, to draw volumes, or to reach a store: never to show an empty window.
LATE = ("pydicom", "scipy", "vtkmodules", "SimpleITK", "PIL", "httpx2", "keyring", "cryptography", "pyzipper")


def _imported_with(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_window_is_imported_without_what_it_needs_later() -> None:
    assert sorted(set(LATE) & _imported_with("viewer.main_window.main_window")) == []


def test_the_panel_of_the_planes_brings_what_was_left_out() -> None:
    """Shows that the list above would be found out: the panel draws with VTK."""
    assert "vtkmodules" in _imported_with("viewer.planes.planes_panel")
