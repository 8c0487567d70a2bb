"""The GPU renderer against the reference renderer, on every kind of image.

Tolerance: one grey level of 256. Where the table is flat between codes both read the same entry; between codes the two
sum the same float32 products in another order. A table with a step (a width of one, a VOI LUT that jumps) turns that
last bit into the whole step, on the few pixels whose value lies exactly on it: at most one in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compare.viewing.canvas import frame_centre_mm
from compare.viewing.view_state import Interpolation, Presentation, ViewState
from loaders.model.display import DisplayDefaults, LookupTable, Padding, VoiFunction, Window
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from viewer.rendering.gl_canvas import GlUnavailable
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest
from viewer.rendering.vtk_renderer import VtkRenderer

pytestmark = [pytest.mark.vtk]


@pytest.fixture(scope="module")
def gpu() -> Iterator[VtkRenderer]:
    try:
        made = VtkRenderer()
    except GlUnavailable as error:
        pytest.skip(f"no OpenGL: {error}")
    yield made
    assert not made.has_failed
    made.close()


@pytest.fixture
def reference() -> Iterator[ReferenceRenderer]:
    made = ReferenceRenderer()
    yield made
    made.close()


def smooth_noise(shape: tuple[int, ...], low: float, high: float) -> NDArray[np.float64]:
    """A picture with edges, slopes and noise, from ``low`` to ``high``."""
    rows, columns = shape[1:3]
    y, x = np.mgrid[:rows, :columns].astype(float)
    picture = np.sin(x / 9.0) * np.cos(y / 7.0) + ((x // 11 + y // 13) % 2) * 0.7
    picture = picture + np.random.default_rng(8).normal(0.0, 0.2, (rows, columns))
    picture = (picture - picture.min()) / (picture.max() - picture.min())
    values = low + picture * (high - low)
    return np.broadcast_to(values[np.newaxis, :, :, np.newaxis] if len(shape) == 4 else values[np.newaxis], shape)


def kinds() -> dict[str, tuple[Volume, Presentation]]:
    """One volume of every kind, with a window that suits it."""
    ct = np.rint(smooth_noise((1, 61, 83), -1024, 2000)).astype(np.int16)
    padded = ct.copy()
    padded[:, :20, :20] = -2000
    colour = np.rint(smooth_noise((1, 50, 67, 3), 0, 255)).astype(np.uint8)
    colour[..., 1] = 255 - colour[..., 1]
    colour[..., 2] //= 2
    table = LookupTable(-500, 8, tuple(int(v) for v in np.linspace(0, 255, 700) % 256))
    with_table = make_volume(ct)
    frame = replace(with_table.frame(0), display=DisplayDefaults(voi_tables=(table,)))
    with_table = replace(with_table, stack=replace(with_table.stack, frames=(frame,)))
    unsigned = np.rint(smooth_noise((1, 70, 45), 0, 65535)).astype(np.uint16)
    return {
        "ct": (make_volume(ct, intercept=-24.0), Presentation(window=Window(40, 400))),
        "ct narrow": (make_volume(ct), Presentation(window=Window(40, 30))),
        "ct threshold": (make_volume(ct), Presentation(window=Window(40, 1))),
        "ct exact": (make_volume(ct), Presentation(window=Window(40, 700, VoiFunction.LINEAR_EXACT))),
        "ct sigmoid": (make_volume(ct), Presentation(window=Window(40, 300, VoiFunction.SIGMOID))),
        "ct table": (with_table, Presentation(voi_table_index=0)),
        "ct padded": (make_volume(padded, padding=Padding(-2000, -2000)), Presentation(window=Window(40, 400))),
        "unsigned 16": (make_volume(unsigned), Presentation(window=Window(30000, 60000))),
        "monochrome 1": (make_volume(unsigned, photometric="MONOCHROME1"), Presentation(window=Window(30000, 50000))),
        "inverted": (make_volume(unsigned), Presentation(window=Window(30000, 50000), is_inverted=True)),
        "8 bit": (make_volume((unsigned >> 8).astype(np.uint8)), Presentation(window=Window(128, 256))),
        "signed 8": (make_volume((ct >> 5).astype(np.int8)), Presentation(window=Window(0, 100))),
        "colour": (make_volume(colour), Presentation()),
        "colour inverted": (make_volume(colour), Presentation(is_inverted=True)),
        "hot iron": (make_volume(ct), Presentation(window=Window(300, 1500), colour_map="hot_iron")),
        "nearest": (
            make_volume(ct),
            Presentation(window=Window(40, 400), interpolation=Interpolation.NEAREST),
        ),
        "not square": (make_volume(ct, spacing_mm=(1.7, 0.6)), Presentation(window=Window(40, 400))),
        "float": (make_volume(smooth_noise((1, 40, 41), -1, 1).astype(np.float32)), Presentation(window=Window(0, 1))),
    }


KINDS = kinds()


def assert_agree(one: NDArray[Any] | None, other: NDArray[Any] | None) -> None:
    assert one is not None
    assert other is not None
    assert one.shape == other.shape
    differences = np.abs(one.astype(int) - other.astype(int))
    assert np.mean(differences > 1) <= 1e-3
    assert np.mean(differences > 0) <= 0.02


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mm_per_pixel", [0.17, 0.45, 0.6, 1.0, 1.31, 2.9, 6.0])
def test_both_renderers_draw_the_same(
    gpu: VtkRenderer, reference: ReferenceRenderer, kind: str, mm_per_pixel: float
) -> None:
    volume, presentation = KINDS[kind]
    centre = frame_centre_mm(volume.frame(0))
    view = ViewState(centre_mm=(centre[0] + 2.3, centre[1] - 1.7), mm_per_pixel=mm_per_pixel)
    request = SliceRequest(volume, view, presentation, 101, 77)
    assert_agree(gpu.render(request), reference.render(request))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("kind", ["ct", "ct padded", "colour", "not square"])
def test_both_renderers_turn_and_mirror_alike(
    gpu: VtkRenderer, reference: ReferenceRenderer, kind: str, turns: int, flipped: bool
) -> None:
    volume, presentation = KINDS[kind]
    view = ViewState(0, frame_centre_mm(volume.frame(0)), 0.7, turns, flipped)
    request = SliceRequest(volume, view, presentation, 130, 95)
    assert_agree(gpu.render(request), reference.render(request))


@given(
    kind=st.sampled_from(["ct", "ct sigmoid", "unsigned 16", "colour", "not square", "ct padded"]),
    scale=st.floats(0.05, 8.0),
    shift=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    turns=st.integers(0, 3),
    flipped=st.booleans(),
    size=st.tuples(st.integers(1, 140), st.integers(1, 140)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_renderers_agree_on_any_view(
    gpu: VtkRenderer,
    reference: ReferenceRenderer,
    kind: str,
    scale: float,
    shift: tuple[float, float],
    turns: int,
    flipped: bool,
    size: tuple[int, int],
) -> None:
    volume, presentation = KINDS[kind]
    centre = frame_centre_mm(volume.frame(0))
    view = ViewState(0, (centre[0] + shift[0], centre[1] + shift[1]), scale, turns, flipped)
    request = SliceRequest(volume, view, presentation, *size)
    one, other = gpu.render(request), reference.render(request)
    assert one is not None
    assert other is not None
    differences = np.abs(one.astype(int) - other.astype(int))
    assert int(np.count_nonzero(differences > 1)) <= 1e-3 * differences.size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_every_stored_value_reads_back_as_its_table_entry(gpu: VtkRenderer, dtype: type[np.integer[Any]]) -> None:
    info = np.iinfo(dtype)
    stored = np.arange(info.min, info.max + 1).astype(dtype).reshape(1, -1, 256)
    volume = make_volume(stored)
    entries = np.random.default_rng(9).integers(0, 256, info.max - info.min + 1).astype(np.uint8)
    exact = VtkRenderer(table_source=lambda _frame, _presentation: entries)
    rows = stored.shape[1]
    view = ViewState(centre_mm=frame_centre_mm(volume.frame(0)), mm_per_pixel=1.0)
    picture = exact.render(SliceRequest(volume, view, Presentation(), 256, rows))
    exact.close()
    assert picture is not None
    assert np.array_equal(picture.ravel(), entries)


def test_a_frame_over_the_texture_limit_is_drawn_at_full_resolution_by_the_reference(
    gpu: VtkRenderer, reference: ReferenceRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume, presentation = KINDS["ct"]
    view = ViewState(centre_mm=frame_centre_mm(volume.frame(0)), mm_per_pixel=1.0)
    request = SliceRequest(volume, view, presentation, 40, 30)
    monkeypatch.setattr(gpu._canvas, "texture_limit", 64)
    picture = gpu.render(request)
    assert not gpu.has_failed
    expected = reference.render(request)
    assert picture is not None
    assert np.array_equal(picture, expected)  # type: ignore[arg-type]


def test_a_gpu_that_fails_hands_over_and_says_so(
    reference: ReferenceRenderer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = VtkRenderer()

    def refuse(*_arguments: Any, **_named: Any) -> NDArray[np.uint8]:
        raise GlUnavailable("gone")

    monkeypatch.setattr(failing._canvas, "draw", refuse)
    volume, presentation = KINDS["ct"]
    request = SliceRequest(volume, ViewState(mm_per_pixel=0.5), presentation, 40, 30)
    picture = failing.render(request)
    assert failing.has_failed
    assert picture is not None
    assert np.array_equal(picture, reference.render(request))  # type: ignore[arg-type]
    assert "without the GPU" in caplog.text
    failing.close()


def test_absent_frames_give_no_picture_and_release_frees_textures(gpu: VtkRenderer) -> None:
    volume = make_volume(np.full((2, 30, 30), 9, dtype=np.uint16))
    volume.validity.mark(1, FrameState.FAILED)
    there = SliceRequest(volume, ViewState(mm_per_pixel=1.0), Presentation(window=Window(8, 16)), 20, 20)
    assert gpu.render(there) is not None
    assert gpu.render(replace(there, view=replace(there.view, frame_index=1))) is None
    assert any(kept.volume is volume for kept in gpu._slices.values())
    gpu.release(volume)
    assert not any(kept.volume is volume for kept in gpu._slices.values())
