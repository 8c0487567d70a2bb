"""``make package``: build the application as one folder with PyInstaller, and start it once on the demo patient.

The start is the proof: from the folder alone, without this environment's Python, the window opens four series, decodes
them in its own worker processes, and leaves a picture; a verb runs too. ``--quick`` builds nothing and checks an
existing folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
FOLDER = BUILD / "package" / "diptych"
PICTURE = BUILD / "package" / "window.png"
PATIENT = BUILD / "package" / "patient"
_LIMIT_S = 300


def build() -> None:
    """Collect licences and run PyInstaller. Raises ``SystemExit`` with its status."""
    _check([sys.executable, str(ROOT / "packaging" / "collect_licences.py"), str(BUILD / "licences")])
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(FOLDER.parent), "--workpath", str(BUILD / "pyinstaller")]
    _check([*command, str(ROOT / "packaging" / "pyinstaller" / "diptych.spec")])


def _check(command: list[str], **settings: object) -> None:
    status = subprocess.run(command, cwd=ROOT, check=False, **settings).returncode  # type: ignore[call-overload]
    if status:
        raise SystemExit(f"package: {Path(command[0]).name} ended with {status}")


def start_once() -> None:
    """Run the packaged program: version, a verb with workers, the window with a picture. Raises ``SystemExit``."""
    program = FOLDER / ("diptych.exe" if sys.platform == "win32" else "diptych")
    # No variable of this environment may help it find a library or a module.
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "LD_"))}
    settings = {"env": clean | {"PATH": "/usr/bin:/bin"} if sys.platform != "win32" else clean, "timeout": _LIMIT_S}
    _check([str(program), "--version"], **settings)
    if not (PATIENT / "truth.json").exists():
        _check([str(program), "demo", "--out", str(PATIENT), "--size", "small"], **settings)
    loaded = BUILD / "package" / "load.json"
    _check([str(program), "load", str(PATIENT / "CURRENT_CT"), "--json", str(loaded)], **settings)
    document = json.loads(loaded.read_text(encoding="utf-8"))
    if document["failed"] or not document["frames"]:
        raise SystemExit(f"package: frames failed to load: {document}")
    PICTURE.unlink(missing_ok=True)
    folders = [str(path) for path in sorted(PATIENT.iterdir()) if path.is_dir()]
    screen = [sys.executable, str(ROOT / "packaging" / "with_display.py"), "--own"]
    _check([*screen, str(program), "open", *folders, "--screenshot", str(PICTURE), "--language", "zh_HK"], **settings)
    if not PICTURE.exists() or PICTURE.stat().st_size < 10_000:
        raise SystemExit("package: the window left no picture")


def main() -> int:
    """Build, start, and say where everything is."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="check the folder that is there")
    started = time.monotonic()
    if not parser.parse_args().quick:
        build()
    start_once()
    size_mb = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6
    print(f"package: {FOLDER.relative_to(ROOT)}, {size_mb:.0f} MB, {time.monotonic() - started:.0f} s")
    print(f"package: its window: {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
