"""Technical differences from the headers: what is said, what is not, and in what order."""

from __future__ import annotations

from compare.change.comparability import Difference, Incomparable, comparability
from loaders.model.series import Equipment, Series

_GE, _SIEMENS = Equipment("GE", "Revolution"), Equipment("SIEMENS", "Force")


def series(equipment: Equipment = _GE, **technique: str) -> Series:
    return Series("1.2.3", "CT", technique=tuple(technique.items()), equipment=equipment)


def test_series_of_one_protocol_differ_in_nothing() -> None:
    one = series(slice_thickness_mm="1.25", kVp="120", kernel="B60f")
    assert comparability(one, series(slice_thickness_mm="1.250", kVp="120.0", kernel=" b60F ")) == ()


def test_every_difference_is_named_with_both_sides_the_most_telling_first() -> None:
    now = series(_GE, slice_thickness_mm="1.25", kVp="100", kernel="LUNG")
    then = series(_SIEMENS, slice_thickness_mm="5", kVp="120", kernel="B30f")
    assert comparability(now, then) == (
        Incomparable(Difference.SLICE_THICKNESS, "1.25", "5"),
        Incomparable(Difference.KERNEL, "LUNG", "B30f"),
        Incomparable(Difference.TUBE_VOLTAGE, "100", "120"),
        Incomparable(Difference.SCANNER, "GE Revolution", "SIEMENS Force"),
    )


def test_what_only_one_side_states_is_said_and_what_neither_states_is_not() -> None:
    assert comparability(series(kernel="LUNG"), series()) == (Incomparable(Difference.KERNEL, "LUNG", ""),)
    assert comparability(series(), series()) == ()


def test_magnetic_resonance_times_are_compared_in_proportion() -> None:
    assert comparability(series(TR="9000", TE="114"), series(TR="8500", TE="120")) == ()
    assert [one.what for one in comparability(series(TR="9000", TE="114"), series(TR="9000", TE="80"))] == [
        Difference.ECHO_TIME
    ]
