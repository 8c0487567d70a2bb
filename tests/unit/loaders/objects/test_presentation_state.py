"""Presentation states: what they replace, where their graphics lie, and what shutters leave open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.discovery.frame_building import frames_of
from loaders.discovery.header_scan import read_header
from loaders.model.display import VoiFunction
from loaders.model.frame import Frame
from loaders.model.units import ValueUnit
from loaders.objects.cielab import srgb
from loaders.objects.polygon_filling import inside_polygon
from loaders.objects.presentation_state import presentation_state
from loaders.objects.state_graphics import ShownArea
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, uid
from tests.support.dicom_objects import (
    PSEUDO_STATE,
    elements_of,
    item,
    lut,
    presentation_state_of,
    reference,
)

RECIPE = SeriesRecipe(rows=40, columns=60)
IMAGE = slice_dataset(RECIPE, 0)


def _frame(index: int = 0) -> Frame:
    return frames_of(read_header(dataset_bytes(slice_dataset(RECIPE, index))))[0]


def test_what_a_state_does_not_say_is_identity() -> None:
    state = presentation_state(elements_of(presentation_state_of(IMAGE)))
    shown = state.shown_as(_frame())
    assert (shown.values.slope, shown.values.intercept, shown.values.table) == (1.0, 0.0, None)
    assert shown.display.windows == ()
    assert (state.label, state.creator, state.kind) == ("SYNTHETIC", "TEST AUTHOR", "grey")


def test_a_state_is_for_the_images_it_names() -> None:
    state = presentation_state(elements_of(presentation_state_of(IMAGE)))
    assert state.applies_to(_frame(0))
    assert not state.applies_to(_frame(1))


def test_window_unit_and_inversion_come_from_the_state() -> None:
    voi = item(WindowCenter=[50], WindowWidth=[300], VOILUTFunction="SIGMOID", WindowCenterWidthExplanation="soft")
    ds = presentation_state_of(
        IMAGE,
        RescaleSlope=1,
        RescaleIntercept=-1024,
        RescaleType="HU",
        SoftcopyVOILUTSequence=[voi],
        PresentationLUTShape="INVERSE",
    )
    shown = presentation_state(elements_of(ds)).shown_as(_frame())
    (window,) = shown.display.windows
    assert (window.center, window.width, window.function, window.explanation) == (50, 300, VoiFunction.SIGMOID, "soft")
    assert shown.values.unit is ValueUnit.HOUNSFIELD
    assert shown.display.is_inverted


def test_a_window_for_one_image_comes_before_the_one_for_all() -> None:
    mine = reference(IMAGE.SOPClassUID, IMAGE.SOPInstanceUID)
    other = reference(IMAGE.SOPClassUID, uid("other"))
    vois = [
        item(WindowCenter=[1], WindowWidth=[10]),
        item(WindowCenter=[2], WindowWidth=[20], ReferencedImageSequence=[other]),
        item(WindowCenter=[3], WindowWidth=[30], ReferencedImageSequence=[mine]),
    ]
    state = presentation_state(elements_of(presentation_state_of(IMAGE, SoftcopyVOILUTSequence=vois)))
    assert state.shown_as(_frame()).display.windows[0].center == 3


def test_tables_are_read_in_all_three_places() -> None:
    ds = presentation_state_of(
        IMAGE,
        ModalityLUTSequence=[lut([5, 6, 7], first=10, kind="US")],
        SoftcopyVOILUTSequence=[item(VOILUTSequence=[lut(range(256))])],
        PresentationLUTShape=None,
        PresentationLUTSequence=[lut(range(255, -1, -1))],
    )
    shown = presentation_state(elements_of(ds)).shown_as(_frame())
    assert shown.values.table is not None
    assert (shown.values.table.first_mapped, shown.values.table.values) == (10, (5, 6, 7))
    assert shown.display.voi_tables[0].values[-1] == 255
    assert shown.display.presentation_table is not None
    assert shown.display.presentation_table.values[0] == 255


def test_graphics_lie_half_a_pixel_off_their_numbers() -> None:
    """PS3.3 C.10.5.1.2: (0, 0) is the corner of the first pixel; ours is its centre."""
    graphic = item(
        GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicType="POLYLINE",
        GraphicData=[10.0, 20.0, 30.5, 20.0], GraphicFilled="N",
    )  # fmt: skip
    text = item(
        UnformattedTextValue="here", BoundingBoxAnnotationUnits="DISPLAY",
        BoundingBoxTopLeftHandCorner=[0.5, 0.25], BoundingBoxBottomRightHandCorner=[0.7, 0.3],
    )  # fmt: skip
    ds = presentation_state_of(
        IMAGE,
        GraphicLayerSequence=[
            item(GraphicLayer="A", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=65535)
        ],
        GraphicAnnotationSequence=[item(GraphicLayer="A", GraphicObjectSequence=[graphic], TextObjectSequence=[text])],
    )
    found = presentation_state(elements_of(ds)).graphics.overlays(_frame(), ShownArea((0, 0, 60, 40)))
    np.testing.assert_allclose(found.lines[0].points, [[9.5, 19.5], [30.0, 19.5]])
    assert found.lines[0].colour == (255, 255, 255)
    assert found.texts[0].place == pytest.approx((29.5, 9.5))


def test_circles_and_ellipses_have_their_size() -> None:
    circle = item(GraphicAnnotationUnits="PIXEL", GraphicType="CIRCLE", GraphicData=[20.5, 20.5, 25.5, 20.5])
    ellipse = item(
        GraphicAnnotationUnits="PIXEL", GraphicType="ELLIPSE",
        GraphicData=[10.5, 20.5, 30.5, 20.5, 20.5, 15.5, 20.5, 25.5],
    )  # fmt: skip
    ds = presentation_state_of(
        IMAGE, GraphicAnnotationSequence=[item(GraphicLayer="A", GraphicObjectSequence=[circle, ellipse])]
    )
    lines = presentation_state(elements_of(ds)).graphics.overlays(_frame(), ShownArea((0, 0, 60, 40))).lines
    radii = np.hypot(*(lines[0].points - (20.0, 20.0)).T)
    np.testing.assert_allclose(radii, 5.0)
    scaled = (lines[1].points - (20.0, 20.0)) / (10.0, 5.0)
    np.testing.assert_allclose(np.hypot(*scaled.T), 1.0)


@given(turns=st.integers(0, 3), is_flipped=st.booleans(), right=st.floats(0, 1), down=st.floats(0, 1))
def test_fractions_of_the_screen_lead_back_to_the_pixel_shown_there(
    turns: int, is_flipped: bool, right: float, down: float
) -> None:
    """The oracle turns a picture of coordinates as the verb does, and looks up what is shown at the fraction."""
    rows, columns = 31, 47
    picture = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
    shown = np.rot90(picture, -turns)
    shown = shown[:, ::-1] if is_flipped else shown
    row = min(int(down * shown.shape[0]), shown.shape[0] - 1)
    column = min(int(right * shown.shape[1]), shown.shape[1] - 1)
    fractions = np.array([[(column + 0.5) / shown.shape[1], (row + 0.5) / shown.shape[0]]])
    area = ShownArea((0, 0, columns, rows), turns, is_flipped)
    np.testing.assert_allclose(area.pixels(fractions)[0], shown[row, column], atol=1e-9)


def test_shutters_leave_open_what_all_of_them_do() -> None:
    ds = presentation_state_of(
        IMAGE,
        ShutterShape=["RECTANGULAR", "CIRCULAR"],
        ShutterLeftVerticalEdge=11, ShutterRightVerticalEdge=50,
        ShutterUpperHorizontalEdge=1, ShutterLowerHorizontalEdge=40,
        CenterOfCircularShutter=[20, 30], RadiusOfCircularShutter=12,
        ShutterPresentationValue=32768,
    )  # fmt: skip
    shutters = presentation_state(elements_of(ds)).shutters
    assert shutters is not None
    shutter = shutters.open_pixels(40, 60)
    assert shutter is not None
    assert shutter.colour == (128, 128, 128)
    assert shutter.is_open[19, 29]
    assert shutter.is_open[19, 29 + 12]
    assert not shutter.is_open[19, 29 + 13]
    assert not shutter.is_open[19, 9]
    assert shutter.is_open.sum() == pytest.approx(np.pi * 12**2, rel=0.03)


def test_a_polygon_covers_the_pixels_whose_centres_it_holds() -> None:
    square = np.array([[1.5, 2.5], [5.5, 2.5], [5.5, 4.5], [1.5, 4.5]])
    mask = inside_polygon(square, 8, 8)
    assert mask[3:5, 2:6].all()
    assert mask.sum() == 8


@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 25)), min_size=3, max_size=9))
def test_a_polygon_agrees_with_the_winding_of_single_points(points: list[tuple[float, float]]) -> None:
    """Even-odd rule, pixel by pixel, by counting crossings of a ray to the right."""
    corners = np.array(points)
    mask = inside_polygon(corners, 20, 20)
    for row in range(0, 20, 3):
        for column in range(0, 20, 3):
            count = 0
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                if (y0 <= row) != (y1 <= row):
                    crossing = x0 + (row - y0) / (y1 - y0) * (x1 - x0)
                    if abs(crossing - column) < 1e-9:
                        break
                    count += crossing > column
            else:
                assert mask[row, column] == bool(count % 2)


def test_a_pseudo_colour_state_brings_its_palette() -> None:
    ramp = np.arange(256, dtype="<u2").tobytes()
    starts = [f"{name}PaletteColorLookupTable" for name in ("Red", "Green", "Blue")]
    names: dict[str, Any] = {f"{start}Descriptor": [256, 0, 8] for start in starts}
    data: dict[str, Any] = {f"{start}Data": ramp for start in starts}
    state = presentation_state(elements_of(presentation_state_of(IMAGE, PSEUDO_STATE, **names, **data)))
    assert state.palette is not None
    assert state.palette.green.values == tuple(range(256))


def test_colour_frames_keep_their_pixels() -> None:
    frame = _frame()
    colour = replace(frame, format=replace(frame.format, samples_per_pixel=3, photometric_interpretation="RGB"))
    state = presentation_state(elements_of(presentation_state_of(IMAGE, PresentationLUTShape="INVERSE")))
    assert state.shown_as(colour) == colour


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [
        ((65535, 32896, 32896), (255, 255, 255)),
        ((0, 32896, 32896), (0, 0, 0)),
        ((34885, 53485, 50171), (255, 0, 0)),  # L 53.2, a 80.1, b 67.2 under D65, as adapted values lie near it
    ],
)
def test_colours_of_cielab(lab: tuple[int, int, int], rgb: tuple[int, int, int]) -> None:
    assert srgb(*lab) == pytest.approx(rgb, abs=12)
