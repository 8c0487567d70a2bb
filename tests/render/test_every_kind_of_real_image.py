"""Every kind of real image through VTK: within one grey level of the formulas of the standard, at first paint.

Of every kind the first stacks of the data at hand are taken, whichever files these are. What the screen shows one to
one is compared with a calculation that shares nothing with the product; what it shows otherwise with the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from compare.viewing.canvas import fit_scale, frame_centre_mm, one_to_one_scale
from compare.viewing.view_state import Presentation, ViewState
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.model.display import VoiFunction
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.stores.local_folder import LocalFolder
from loaders.values.auto_window import auto_window
from loaders.workers.worker_pool import WorkerPool
from tests.support.real_frames import decoded, expected_picture, single_volume, stacks_of
from tests.support.shared_data import DATA
from viewer.rendering.gl_canvas import GlUnavailable
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest
from viewer.rendering.vtk_renderer import VtkRenderer

pytestmark = [pytest.mark.vtk, pytest.mark.real]

FOLDERS = ("ct", "mr", "objects", "pet-nm", "syntaxes", "xray-us-other")
#: Taken of each kind; enough to meet more than one maker.
_OF_EACH = 3
#: Larger pictures are drawn in part: software rendering of 14 megapixels costs seconds.
_CANVAS = 1200


def _colour(*photometric: str) -> Callable[[Stack], bool]:
    return lambda stack: stack.frames[0].format.photometric_interpretation in photometric


def _bits(bits: int) -> Callable[[Stack], bool]:
    return lambda stack: stack.frames[0].format.bits_stored == bits and not stack.frames[0].format.is_colour


def _function(function: VoiFunction) -> Callable[[Stack], bool]:
    return lambda stack: any(window.function is function for window in stack.frames[0].display.windows)


def _pads(stack: Stack) -> bool:
    return stack.frames[0].display.padding is not None


KINDS: dict[str, Callable[[Stack], bool]] = {
    "monochrome 1": _colour("MONOCHROME1"),
    "signed": lambda stack: stack.frames[0].format.is_signed,
    "8 bit": _bits(8),
    "10 bit": _bits(10),
    "12 bit": _bits(12),
    "16 bit": _bits(16),
    "single bits": _bits(1),
    "odd high bit": lambda stack: stack.frames[0].format.high_bit != stack.frames[0].format.bits_stored - 1,
    "VOI LUT table": lambda stack: bool(stack.frames[0].display.voi_tables) and not stack.frames[0].display.windows,
    "VOI LUT beside a window": lambda stack: bool(
        stack.frames[0].display.voi_tables and stack.frames[0].display.windows
    ),
    "sigmoid": _function(VoiFunction.SIGMOID),
    "linear exact": _function(VoiFunction.LINEAR_EXACT),
    "no window": lambda stack: not (stack.frames[0].display.windows or stack.frames[0].display.voi_tables),
    "modality LUT table": lambda stack: stack.frames[0].values.table is not None,
    "palette": _colour("PALETTE COLOR"),
    "RGB": _colour("RGB"),
    "YBR": lambda stack: stack.frames[0].format.photometric_interpretation.startswith("YBR"),
    "float": lambda stack: stack.frames[0].format.number_kind != "int",
    "32 bit": lambda stack: stack.frames[0].format.bits_allocated == 32 and stack.frames[0].format.number_kind == "int",
    "padding": _pads,
    "padding of a range": lambda stack: (
        (padding := stack.frames[0].display.padding) is not None and padding.low != padding.high
    ),
    "slope of each frame": lambda stack: len({frame.values.slope for frame in stack.frames}) > 1,
    "not square": lambda stack: not _is_square(stack.frames[0]),
}


class Found(NamedTuple):
    """A stack of a kind, with the source that reads it."""

    stack: Stack
    source: LocalFolder


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as workers:
        yield workers


@pytest.fixture(scope="module")
def data(pool: WorkerPool) -> list[Found]:
    there = [folder for folder in FOLDERS if (DATA / folder).exists()]
    if not there:
        pytest.skip("real data not at hand")
    sources = [LocalFolder([DATA / folder], read_headers=pooled_header_reader(pool)) for folder in there]
    return [Found(stack, source) for source in sources for stack in stacks_of(source)]


@pytest.fixture(scope="module")
def gpu() -> Iterator[VtkRenderer]:
    try:
        made = VtkRenderer()
    except GlUnavailable as error:
        pytest.skip(f"no OpenGL: {error}")
    yield made
    assert not made.has_failed
    made.close()


def _is_square(frame: Frame) -> bool:
    return abs(frame.spacing.row_mm / frame.spacing.column_mm - 1.0) < 1e-9


def _some(stack: Stack) -> tuple[Frame, ...]:
    """The first, the middle and the last frame: slopes and windows may differ."""
    last = len(stack.frames) - 1
    return tuple(stack.frames[index] for index in sorted({0, last // 2, last}))


def _first_paint(frame: Frame, stored: NDArray[Any]) -> Presentation:
    """The file's own window or table; without one the automatic window, as a hung picture has it."""
    if frame.format.is_colour or frame.display.windows or frame.display.voi_tables:
        return Presentation()
    return Presentation(window=auto_window(stored, frame))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
def test_the_screen_is_within_a_grey_level_of_the_formulas(
    kind: str, data: list[Found], gpu: VtkRenderer, pool: WorkerPool
) -> None:
    chosen = [found for found in data if KINDS[kind](found.stack)][:_OF_EACH]
    if not chosen:
        pytest.skip(f"no real image of this kind at hand: {kind}")
    reference, seen = ReferenceRenderer(), 0
    for found in chosen:
        for frame, stored in decoded(_some(found.stack), found.stack, found.source, pool):
            if isinstance(stored, str):
                continue
            seen += 1
            name = f"{frame.location.file.path.name} frame {frame.frame_number}"
            _assert_right(gpu, reference, frame, stored, name)
    reference.close()
    assert seen, "nothing of this kind could be decoded"


def _assert_right(
    gpu: VtkRenderer, reference: ReferenceRenderer, frame: Frame, stored: NDArray[Any], name: str
) -> None:
    rows, columns = (min(size, _CANVAS) for size in stored.shape[:2])
    # Even cuts leave the centre between the same pixels, so that every pixel of the screen is one of the image.
    rows, columns = rows - (stored.shape[0] - rows) % 2, columns - (stored.shape[1] - columns) % 2
    volume = single_volume(frame, stored)
    view = ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=one_to_one_scale(frame))
    request = SliceRequest(volume, view, _first_paint(frame, stored), columns, rows)
    drawn = gpu.render(request)
    assert drawn is not None, name
    if _is_square(frame):
        top, left = (stored.shape[0] - rows) // 2, (stored.shape[1] - columns) // 2
        expected = expected_picture(frame, stored)[top : top + rows, left : left + columns]
        assert _furthest(drawn, expected) <= 1, f"{name}: against the formulas"
    fitted = replace(view, mm_per_pixel=fit_scale(frame, 320, 240, 1), quarter_turns=1)
    small = replace(request, view=fitted, width=320, height=240)
    one, other = gpu.render(small), reference.render(small)
    assert one is not None, name
    assert other is not None, name
    differs = np.abs(one.astype(int) - other.astype(int)) > 1
    # On the step of a table the last bit of a sum decides: see test_renderers_agree.
    assert differs.mean() <= 1e-3, f"{name}: against the reference renderer"
    gpu.release(volume)


def _furthest(one: NDArray[Any], other: NDArray[Any]) -> int:
    if one.ndim != other.ndim:
        other = np.repeat(other[..., np.newaxis], 3, axis=2) if other.ndim == 2 else other
        one = np.repeat(one[..., np.newaxis], 3, axis=2) if one.ndim == 2 else one
    return int(np.abs(one.astype(int) - other.astype(int)).max())
