"""The grey pipeline against the standard's formulas, written out one value at a time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.model.display import DisplayDefaults, LookupTable, Padding, ValueMapping, VoiFunction, Window
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.values.auto_window import auto_window
from loaders.values.display_pixels import GreyChoice, display_pixels, display_table


def _frame(
    *,
    values: ValueMapping = ValueMapping(),
    display: DisplayDefaults = DisplayDefaults(),  # noqa: B008  frozen
    signed: bool = True,
    bits: int = 16,
) -> Frame:
    return Frame(
        sop_instance_uid="1.2",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        instance_number=1,
        frame_number=1,
        format=PixelFormat(64, 64, 1, "MONOCHROME2", bits, bits, bits - 1, signed, "1.2.840.10008.1.2.1"),
        location=PixelLocation(FileLocator(Path("x"))),
        spacing=PixelSpacing(1.0, 1.0, SpacingBasis.GEOMETRY),
        values=values,
        display=display,
    )


def _linear(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.2.1, y from 0 to 255."""
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 255.0
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.0


def _linear_exact(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.3.2."""
    if x <= c - w / 2:
        return 0.0
    if x > c + w / 2:
        return 255.0
    return ((x - c) / w + 0.5) * 255.0


def _sigmoid(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.3.1."""
    exponent = -4 * (x - c) / w
    return 0.0 if exponent > 700 else 255.0 / (1 + math.exp(exponent))


_FORMULAS = {VoiFunction.LINEAR: _linear, VoiFunction.LINEAR_EXACT: _linear_exact, VoiFunction.SIGMOID: _sigmoid}


@given(
    function=st.sampled_from(list(VoiFunction)),
    center=st.floats(-2000, 3000),
    width=st.floats(2, 5000),
    slope=st.sampled_from([1.0, 0.5, 2.0, 0.01, 1.0383]),
    intercept=st.sampled_from([0.0, -1024.0, 37.5]),
    inverted=st.booleans(),
    stored=st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
)
def test_grey_equals_the_formula_within_one_level(
    function: VoiFunction,
    center: float,
    width: float,
    slope: float,
    intercept: float,
    inverted: bool,
    stored: list[int],
) -> None:
    frame = _frame(values=ValueMapping(slope, intercept), display=DisplayDefaults(is_inverted=inverted))
    choice = GreyChoice(window=Window(center, width, function))
    grey = display_pixels(np.array(stored, dtype=np.int16), frame, choice)
    for value, level in zip(stored, grey, strict=True):
        expected = _FORMULAS[function](value * slope + intercept, center, width)
        expected = 255.0 - expected if inverted else expected
        assert abs(float(level) - expected) <= 1.0


def test_table_and_pixels_agree_over_every_code() -> None:
    frame = _frame(values=ValueMapping(1.0, -1024.0), display=DisplayDefaults(padding=Padding(-2000, -2000)))
    choice = GreyChoice(window=Window(-600.0, 1500.0))
    codes = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    in_pieces = np.concatenate([display_pixels(part, frame, choice) for part in np.split(codes, 64)])
    np.testing.assert_array_equal(display_table(frame, choice), in_pieces)
    np.testing.assert_array_equal(display_pixels(codes, frame, choice), in_pieces)


@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_black_in_either_polarity(inverted: bool) -> None:
    display = DisplayDefaults(padding=Padding(-2000, -1990), is_inverted=inverted)
    frame = _frame(display=display)
    grey = display_pixels(np.array([-2000, -1995, -1990], np.int16), frame, GreyChoice(window=Window(-3000, 500)))
    assert grey.tolist() == [0, 0, 0]


def test_modality_table_takes_its_end_entries_outside() -> None:
    table = LookupTable(first_mapped=10, bits=8, values=(0, 100, 255))
    frame = _frame(values=ValueMapping(table=table), signed=False, bits=8)
    stored = np.array([0, 10, 11, 12, 255], dtype=np.uint8)
    grey = display_pixels(stored, frame, GreyChoice(window=Window(127.5, 255.0, VoiFunction.LINEAR_EXACT)))
    assert grey.tolist() == [0, 0, 100, 255, 255]


def test_auto_window_leaves_padding_out() -> None:
    frame = _frame(values=ValueMapping(1.0, 0.0), display=DisplayDefaults(padding=Padding(-2000, -2000)))
    stored = np.full((64, 64), -2000, dtype=np.int16)
    stored[16:48, 16:48] = np.linspace(0, 1000, 32 * 32, dtype=np.int16).reshape(32, 32)
    window = auto_window(stored, frame)
    assert window is not None
    assert window.center - window.width / 2 > -20
    assert window.center + window.width / 2 < 1020
    assert auto_window(np.full((8, 8), -2000, dtype=np.int16), frame) is None
