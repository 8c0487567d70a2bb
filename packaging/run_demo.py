"""``make demo``: write the demo patient and open it; without a screen leave pictures of the driven window instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENT = ROOT / "build" / "demo-patient"
PICTURES = ROOT / "build" / "demo"


def run(*command: str) -> None:
    """Run a step from the root of the source tree; a failing step ends the demo with its status."""
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        raise SystemExit(status)


def main() -> None:
    """Write the patient once, then open the window or drive it without a screen."""
    if not (PATIENT / "truth.json").exists():
        print("demo: writing the demo patient (once)", flush=True)
        run(sys.executable, "main.py", "demo", "--out", str(PATIENT), "--size", "medium")
    folders = [str(path) for path in sorted(PATIENT.iterdir()) if path.is_dir()]
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or not sys.platform.startswith("linux"):
        run(sys.executable, "main.py", "open", *folders)
        return
    print("demo: no screen here; driving the window on a virtual one", flush=True)
    wrapper = (sys.executable, str(ROOT / "packaging" / "with_display.py"), "--own")
    truth = str(PATIENT / "truth.json")
    run(*wrapper, sys.executable, "main.py", "open", *folders, "--drive", str(PICTURES), "--truth", truth)
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"demo: {picture.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
