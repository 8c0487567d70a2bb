"""Values on a plane become the grey that the slice pipeline gives the same values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loaders.model.display import DisplayDefaults, LookupTable, VoiFunction, Window
from loaders.values.display_pixels import GreyChoice, display_pixels
from tests.support.pictures import make_stack
from viewer.rendering.plane_picture import automatic_window, grey_of_values

FRAME = make_stack(slices=1, rows=4, columns=4).frames[0]


@pytest.mark.parametrize("function", VoiFunction)
@pytest.mark.parametrize(("centre", "width"), [(40.0, 400.0), (-600.0, 1500.0), (100.0, 1.0), (0.0, 2.0)])
@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("presentation", [None, LookupTable(0, 8, tuple(range(255, -1, -1)))])
def test_grey_is_that_of_the_slice_pipeline(
    function: VoiFunction, centre: float, width: float, is_inverted: bool, presentation: LookupTable | None
) -> None:
    frame = replace(FRAME, display=DisplayDefaults(is_inverted=is_inverted, presentation_table=presentation))
    stored = np.arange(-1500, 3000, dtype=np.int16)[None]
    window = Window(centre, width, function)
    theirs = display_pixels(stored, frame, GreyChoice(window=window))
    ours = grey_of_values(stored.astype(np.float32), frame, window)
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (ours != theirs).mean() < 0.01


def test_nothing_is_black_whatever_the_polarity() -> None:
    values = np.array([[np.nan, -1000.0, 1000.0]], dtype=np.float32)
    for window in (Window(0.0, 100.0), Window(0.0, 100.0, VoiFunction.SIGMOID)):
        assert grey_of_values(values, FRAME, window).tolist() == [[0, 0, 255]]
        assert grey_of_values(values, FRAME, window, is_inverted=True).tolist() == [[0, 255, 0]]
    tables = replace(FRAME, display=DisplayDefaults(voi_tables=(LookupTable(-1, 8, (10, 20, 30)),)))
    assert grey_of_values(values, tables).tolist() == [[0, 10, 30]]


def test_an_automatic_window_leaves_out_what_is_not_there() -> None:
    values = np.linspace(0.0, 100.0, 1001, dtype=np.float32)
    values[::7] = np.nan
    window = automatic_window(values)
    assert (window.center, window.width) == pytest.approx((50.0, 99.0), abs=1.0)
    assert automatic_window(np.full(4, np.nan, np.float32)).width > 0.0
