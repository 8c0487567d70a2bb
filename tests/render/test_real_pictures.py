"""Scanners' own files: each stored pixel shows what the value pipeline says, and both renderers draw the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compare.viewing.canvas import fit_scale, frame_centre_mm, one_to_one_scale
from compare.viewing.view_state import Presentation, ViewState
from loaders.discovery.frame_building import frames_of
from loaders.discovery.header_scan import read_header
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.pixel_format import FileLocator
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.volume import Volume
from loaders.pixels.frame_reader import read_parsed
from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.instance_pixels import open_instance
from loaders.values.display_pixels import choice_of_file, display_pixels
from tests.support.shared_data import real_path
from viewer.rendering.gl_canvas import GlUnavailable
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest
from viewer.rendering.thumbnails import thumbnail
from viewer.rendering.vtk_renderer import VtkRenderer

pytestmark = pytest.mark.real

FILES = [
    "xray-us-other/barre-classic-samples/CT-MONO2-16-brain.dcm",
    "xray-us-other/cr-dx-mg-a/dx_image.dcm",
    "xray-us-other/cr-dx-mg-a/CR-MONO1-10-chest.dcm",
    "xray-us-other/cr-dx-mg-a/GH133.dcm",
    "xray-us-other/us-a/US-RGB-8-epicard.dcm",
    "xray-us-other/us-a/US-PAL-8-10x-echo.dcm",
    "xray-us-other/barre-classic-samples/MR-MONO2-12-shoulder.dcm",
]


def load(path: Path) -> tuple[Volume, NDArray[Any]]:
    frame = frames_of(read_header(FileLocator(path)))[0]
    instance = open_instance(frame.location.file, None, frame.format)
    stored, _ = read_parsed(FrameRequest(frame.format, frame.location, 0, 0), instance)
    instance.close()
    validity = FrameValidity(1)
    validity.mark(0, FrameState.LOADED)
    stack = Stack(StackKey("", "", ""), StackKind.SINGLE, (frame,))
    return Volume(stack, validity, stored=stored[np.newaxis]), stored


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_at_one_to_one_shows_its_stored_pixels(file: str) -> None:
    volume, stored = load(real_path(file))
    frame = volume.frame(0)
    if abs(frame.spacing.row_mm / frame.spacing.column_mm - 1.0) > 1e-9:
        pytest.skip("pixels are not square: no canvas shows every one of them once")
    if not (frame.display.windows or frame.display.voi_tables or frame.format.is_colour):
        pytest.skip("no window in the file: the automatic one has a test of its own")
    rows, columns = stored.shape[:2]
    view = ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=one_to_one_scale(frame))
    renderer = ReferenceRenderer()
    picture = renderer.render(SliceRequest(volume, view, Presentation(), columns, rows))
    renderer.close()
    assert picture is not None
    assert np.array_equal(picture, display_pixels(stored, frame, choice_of_file(frame)))


@pytest.mark.vtk
@pytest.mark.parametrize("file", FILES)
def test_both_renderers_show_a_real_file_alike(file: str) -> None:
    volume, _ = load(real_path(file))
    frame = volume.frame(0)
    view = ViewState(0, frame_centre_mm(frame), fit_scale(frame, 500, 400, 1), quarter_turns=1)
    request = SliceRequest(volume, view, Presentation(), 500, 400)
    try:
        gpu = VtkRenderer()
    except GlUnavailable as error:
        pytest.skip(f"no OpenGL: {error}")
    reference = ReferenceRenderer()
    one, other = gpu.render(request), reference.render(request)
    assert not gpu.has_failed
    gpu.close()
    reference.close()
    assert one is not None
    assert other is not None
    assert np.max(np.abs(one.astype(int) - other.astype(int))) <= 1


@pytest.mark.parametrize("file", FILES)
def test_a_thumbnail_of_a_real_file_is_no_blank(file: str) -> None:
    volume, _ = load(real_path(file))
    renderer = ReferenceRenderer()
    picture = thumbnail(volume, 0, 96, renderer)
    renderer.close()
    assert picture is not None
    assert len(np.unique(picture)) > 20
