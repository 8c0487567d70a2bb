"""What the number keys offer, by modality and unit."""

from __future__ import annotations

from dataclasses import replace

from compare.hanging.preset_choices import PresetKind, preset_choices
from loaders.model.display import DisplayDefaults, LookupTable, ValueMapping, Window
from loaders.model.units import ValueUnit
from tests.support.pictures import make_frame


def test_windows_with_fixed_numbers_need_the_unit_they_are_in() -> None:
    hounsfield = replace(make_frame(), values=ValueMapping(unit=ValueUnit.HOUNSFIELD))
    lung = next(choice for choice in preset_choices("CT", hounsfield) if choice.code == "lung")
    assert lung.window is not None
    assert (lung.key, lung.window.width, lung.window.center) == (2, 1500, -600)
    stored = replace(make_frame(), values=ValueMapping(unit=ValueUnit.STORED))
    assert all(choice.kind is not PresetKind.FIXED for choice in preset_choices("CT", stored))


def test_elsewhere_the_files_own_come_first_and_nine_are_the_most() -> None:
    windows = tuple(Window(100.0 + number, 200.0, explanation=f"W{number}") for number in range(7))
    table = LookupTable(0, 8, (0, 255), "CURVE")
    frame = replace(make_frame(), display=DisplayDefaults(windows=windows, voi_tables=(table,)))
    choices = preset_choices("MR", frame)
    assert [choice.key for choice in choices] == list(range(1, 10))
    assert [choice.explanation for choice in choices[:5]] == ["W0", "W1", "W2", "W3", "W4"]
    assert [choice.code for choice in choices[5:]] == ["automatic", "higher_contrast", "lower_contrast", "whole_range"]
    only_table = preset_choices("DX", replace(make_frame(), display=DisplayDefaults(voi_tables=(table,))))
    assert (only_table[0].kind, only_table[0].table_index) == (PresetKind.FILE_TABLE, 0)


def test_colour_has_none() -> None:
    frame = make_frame()
    layout = replace(frame.format, samples_per_pixel=3, photometric_interpretation="RGB")
    assert preset_choices("US", replace(frame, format=layout)) == ()
