"""Every frame of every real image against a calculation that shares nothing with the product, within 1 grey level.

Where pydicom cannot decode a file here, the greys alone are checked, from the product's own stored values: that the
pixels are right is then for the tests of the decoders.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from loaders.cache.memory_budget import MemoryBudget
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.values.auto_window import auto_window
from loaders.workers.worker_pool import WorkerPool
from tests.support import grey_oracle
from tests.support.shared_data import real_path
from viewer.headless.render import displayed_pixels

FOLDERS = ("ct", "mr", "objects", "pairs", "pet-nm", "syntaxes", "xray-us-other")
#: Files whose pixels cannot be decoded, and why: each is a real defect of the file, and shows as an error tile.
BROKEN = {"tag_after_pixel": "the amount of decoded rle segment data"}


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as workers:
        yield workers


def _stacks(source: LocalFolder) -> list[Stack]:
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    return [stack for study in catalogue.studies for series in study.series for stack in series.stacks]


def _sources(folder: Path) -> Iterator[LocalFolder]:
    """The folder as it is opened, and each file that it does not show since another has the same UID, alone."""
    source = LocalFolder([folder])
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    yield source
    shown = {frame.location.file.path for stack in _stacks(source) for frame in stack.frames}
    for path in sorted({row.path for row in catalogue.problems if row.code == "conflict"} - shown):
        yield LocalFolder([path])


def _frames(
    source: LocalFolder, pool: WorkerPool, most: int | None = None
) -> Iterator[tuple[Frame, NDArray[Any] | str]]:
    """Every frame with its stored values, or with the reason why it has none."""
    for stack in _stacks(source):
        frames = stack.frames[:most]
        part = replace(stack, frames=frames, geometry=None, kind=StackKind.STACK)
        loader = VolumeLoader(part, pool, MemoryBudget(), on_arrivals=lambda _arrivals: None, source=source)
        try:
            loader.start().wait()
            for index, frame in enumerate(frames):
                stored = loader.volume.frame_array(index)
                yield frame, loader.validity.reason(index) if stored is None else stored.copy()
        finally:
            loader.close()


def _product(frame: Frame, stored: NDArray[Any]) -> NDArray[np.uint8]:
    validity = FrameValidity(1)
    validity.mark(0, FrameState.LOADED)
    stack = _single(frame)
    return displayed_pixels(Volume(stack, validity, stored[np.newaxis]), None)


def _single(frame: Frame) -> Stack:
    return Stack(StackKey("", "", ""), StackKind.SINGLE, (frame,))


@lru_cache(maxsize=1)
def _dataset(path: Path) -> Any:
    return grey_oracle.read(path)


def _oracle(frame: Frame, stored: NDArray[Any]) -> NDArray[np.uint8]:
    automatic = auto_window(stored, frame) if stored.ndim == 2 else None
    window = (automatic.center, automatic.width, automatic.function.value) if automatic else None
    ds, index = _dataset(frame.location.file.path), frame.location.frame_index
    try:
        return grey_oracle.displayed(ds, index, window=window)
    except grey_oracle.NoSecondOpinion:
        return grey_oracle.displayed(ds, index, window=window, stored=stored)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_frame_shows_what_the_formulas_say(folder: str, pool: WorkerPool) -> None:
    wrong, seen = [], 0
    for source in _sources(real_path(folder)):
        for frame, stored in _frames(source, pool):
            name = f"{frame.location.file.path.name} frame {frame.frame_number}"
            if isinstance(stored, str):
                is_known = BROKEN.get(frame.location.file.path.name, "\0") in stored.casefold()
                wrong += [] if is_known else [f"{name}: {stored}"]
                continue
            seen += 1
            got, want = _product(frame, stored), _oracle(frame, stored)
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
    for number, source in enumerate(_sources(real_path(folder))):
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
