"""Every frame of every real image against a calculation that shares nothing with the product, within 1 grey level.

Where pydicom cannot decode a file here, the greys alone are checked, from the product's own stored values: that the
pixels are right is then for the tests of the decoders.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from loaders.model.frame import Frame
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.support.real_frames import decoded, expected_picture, single_volume, sources_of, stacks_of
from tests.support.shared_data import real_path
from viewer.headless.render import displayed_pixels

FOLDERS = ("ct", "mr", "objects", "pairs", "pet-nm", "syntaxes", "xray-us-other")
#: Files whose pixels cannot be decoded, and why: each is a real defect of the file, and shows as an error tile.
BROKEN = {"tag_after_pixel": "the amount of decoded rle segment data"}


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as workers:
        yield workers


def _frames(
    source: LocalFolder, pool: WorkerPool, most: int | None = None
) -> Iterator[tuple[Frame, NDArray[Any] | str]]:
    """Every frame with its stored values, or with the reason why it has none."""
    for stack in stacks_of(source):
        yield from decoded(stack.frames[:most], stack, source, pool)


def _product(frame: Frame, stored: NDArray[Any]) -> NDArray[np.uint8]:
    return displayed_pixels(single_volume(frame, stored), None)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_frame_shows_what_the_formulas_say(folder: str, pool: WorkerPool) -> None:
    wrong, seen = [], 0
    for source in sources_of(real_path(folder), pool):
        for frame, stored in _frames(source, pool):
            name = f"{frame.location.file.path.name} frame {frame.frame_number}"
            if isinstance(stored, str):
                is_known = BROKEN.get(frame.location.file.path.name, "\0") in stored.casefold()
                wrong += [] if is_known else [f"{name}: {stored}"]
                continue
            seen += 1
            got, want = _product(frame, stored), expected_picture(frame, stored)
            if got.shape != want.shape or int(np.abs(got.astype(int) - want.astype(int)).max()) > 1:
                wrong.append(f"{name}: {frame.format.photometric_interpretation} {got.shape} {want.shape}")
    assert not wrong, "\n".join(wrong[:20])
    assert seen > 10


_DCMTK = {"1.2.840.10008.1.2.4.8": "dcml2pnm", "1.2.840.10008.1.2.4.5": "dcmj2pnm", "1.2.840.10008.1.2.4.7": "dcmj2pnm"}


def _dcmtk_picture(frame: Frame, target: Path) -> NDArray[np.uint8] | None:
    """What dcmtk makes of a frame by its first window, or ``None`` where it does not decode it."""
    syntax = frame.format.transfer_syntax_uid
    program = next((name for start, name in _DCMTK.items() if syntax.startswith(start)), "dcm2pnm")
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    command = [program, "+Wi", "1", "-O", "+F", str(frame.frame_number), str(frame.location.file.path), str(target)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    return np.array(Image.open(target)) if done.returncode == 0 and target.exists() else None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("folder", ["ct", "mr", "xray-us-other"])
def test_dcmtk_agrees_where_it_decodes(folder: str, pool: WorkerPool, tmp_path: Path) -> None:
    """One frame of each stack whose file names a linear window.

    Left out, since dcmtk knows them not: padding, windows of single frames beyond the first, and values between whole
    numbers (it cuts what a slope gives to whole numbers before the window).
    """
    wrong, seen = [], 0
    for number, source in enumerate(sources_of(real_path(folder), pool)):
        for count, (frame, stored) in enumerate(_frames(source, pool, 1)):
            windows = frame.display.windows
            if isinstance(stored, str) or stored.ndim == 3 or not windows or windows[0].function.value != "LINEAR":
                continue
            if frame.frame_number > 1 or frame.values.slope % 1 or frame.values.intercept % 1:
                continue
            want = _dcmtk_picture(frame, tmp_path / f"{number}-{count}.pgm")
            if want is None or want.shape != stored.shape:
                continue
            seen += 1
            differs = np.abs(_product(frame, stored).astype(int) - want.astype(int)) > 1
            padding = frame.display.padding
            if padding is not None:
                differs &= (stored < padding.low) | (stored > padding.high)
            if differs.any():
                wrong.append(f"{frame.location.file.path.name}: {differs.mean():.3f} of its pixels")
    assert not wrong, "\n".join(wrong[:20])
    assert seen >= 3
