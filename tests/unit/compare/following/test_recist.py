"""RECIST 1.1 as its tables say, on sums worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from compare.following.criteria import recist
from compare.following.lesion import Lesion, LesionRole, NonTargetState
from compare.following.recist import Evaluation, Response, evaluate, target_faults, why_not_target
from compare.following.time_points import LesionSize, TimePoint

POINTS = tuple(TimePoint(f"s{n}", f"1.{n}", date(2024, 1, 1 + n)) for n in range(5))


def target(name: str = "a", *, node: bool = False, organ: str = "lung") -> Lesion:
    return Lesion(name, name, LesionRole.TARGET, is_lymph_node=node, organ=organ)


def run(lesions: tuple[Lesion, ...], **diameters: list[float | None]) -> list[Evaluation]:
    """Each lesion's diameters by its name; a node's is its short axis."""
    count = max((len(row) for row in diameters.values()), default=2)
    points = POINTS[:count]
    sizes = {}
    for lesion in lesions:
        for number, point in enumerate(points):
            value = diameters.get(lesion.label, [None] * count)[number]
            size = LesionSize(reason="not_measured") if value is None else LesionSize(value, value)
            sizes[lesion.tracking_uid, point.study_key] = size
    return list(evaluate(lesions, points, sizes, recist()))


def test_sums_changes_and_nadir() -> None:
    found = run((target("a"), target("b")), a=[30.0, 18.0, 20.0, 25.0], b=[20.0, 16.0, 16.0, 16.0])
    assert [one.sum_mm for one in found] == [50.0, 34.0, 36.0, 41.0]
    assert [one.targets for one in found] == [
        Response.BASELINE,
        Response.PARTIAL,  # 34 is 32 % less than 50
        Response.STABLE,  # 36 is 28 % less than 50, and 5.9 % more than 34
        Response.PROGRESSION,  # 41 is 20.6 % and 7 mm more than 34
    ]
    assert found[3].from_nadir_percent == pytest.approx(100 * 7 / 34)
    assert found[3].from_baseline_percent == pytest.approx(-18.0)
    assert (found[3].from_nadir_mm, found[3].nadir_mm) == (7.0, 34.0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (20.0, 24.0, Response.STABLE),  # 20 % but only 4 mm
        (25.0, 30.0, Response.PROGRESSION),  # 20 % and 5 mm, both reached exactly
        (100.0, 119.9, Response.STABLE),  # 19.9 mm but less than 20 %
        (100.0, 70.0, Response.PARTIAL),  # 30 % exactly
        (100.0, 70.1, Response.STABLE),
        (12.0, 0.0, Response.COMPLETE),
    ],
)
def test_limits(before: float, after: float, expected: Response) -> None:
    assert run((target(),), a=[before, after])[1].targets is expected


def test_a_node_is_gone_below_ten_millimetres_and_its_short_axis_counts() -> None:
    node = target("n", node=True)
    found = run((target("a"), node), a=[20.0, 0.0], n=[16.0, 9.5])
    assert found[1].sum_mm == 9.5
    assert found[1].targets is Response.COMPLETE
    assert run((node,), n=[16.0, 10.0])[1].targets is Response.PARTIAL
    assert why_not_target(node, LesionSize(30.0, 14.9), recist()) == "node_too_small"
    assert why_not_target(node, LesionSize(30.0), recist()) == "no_short_axis"


def test_a_target_that_the_reader_calls_gone_adds_nothing() -> None:
    gone = Lesion("a", "a", LesionRole.TARGET, states=(("s1", NonTargetState.ABSENT),))
    assert run((gone,), a=[20.0, None])[1].targets is Response.COMPLETE


def test_what_was_not_measured_is_not_evaluated_unless_the_rest_has_grown_too_far() -> None:
    lesions = (target("a"), target("b"))
    missing = run(lesions, a=[20.0, 21.0], b=[20.0, None])[1]
    assert (missing.sum_mm, missing.targets, missing.overall) == (None, Response.NOT_EVALUABLE, Response.NOT_EVALUABLE)
    assert missing.reasons == ("not_measured:b",)
    assert run(lesions, a=[20.0, 60.0], b=[20.0, None])[1].targets is Response.PROGRESSION


@pytest.mark.parametrize(
    ("diameter", "state", "expected"),
    [
        (0.0, NonTargetState.ABSENT, Response.COMPLETE),
        (0.0, NonTargetState.PRESENT, Response.PARTIAL),
        (0.0, NonTargetState.NOT_EVALUATED, Response.PARTIAL),
        (10.0, NonTargetState.PRESENT, Response.PARTIAL),
        (19.0, NonTargetState.PRESENT, Response.STABLE),
        (19.0, NonTargetState.UNEQUIVOCAL_PROGRESSION, Response.PROGRESSION),
    ],
)
def test_overall_response(diameter: float, state: NonTargetState, expected: Response) -> None:
    other = Lesion("o", "o", LesionRole.NON_TARGET, states=(("s1", state),))
    assert run((target(), other), a=[20.0, diameter])[1].overall is expected


def test_a_new_lesion_is_progression_whatever_the_sum() -> None:
    new = Lesion("x", "x", LesionRole.NEW)
    found = run((target(), new), a=[20.0, 5.0], x=[None, 8.0])[1]
    assert (found.targets, found.overall, found.has_new_lesion) == (Response.PARTIAL, Response.PROGRESSION, True)
    assert found.reasons == ("new_lesion:x",)
    assert run((target(), new), a=[20.0, 5.0], x=[None, None])[1].overall is Response.PARTIAL


def test_without_targets_the_others_decide_and_without_any_nothing_is_claimed() -> None:
    other = Lesion("o", "o", LesionRole.NON_TARGET, states=(("s1", NonTargetState.PRESENT),))
    assert run((other,))[1].overall is Response.NEITHER
    assert run(())[1].overall is Response.NO_TARGETS


def test_the_choice_of_targets_is_checked() -> None:
    lesions = tuple(target(f"t{n}", organ="Liver" if n < 3 else f"o{n}") for n in range(6))
    sizes = {(one.tracking_uid, "s0"): LesionSize(12.0, 8.0, slice_thickness_mm=5.0) for one in lesions}
    sizes["t5", "s0"] = LesionSize(12.0, 8.0, slice_thickness_mm=7.0)
    assert target_faults(lesions, POINTS[0], sizes, recist()) == (
        "too_small:t5",
        "too_many_targets",
        "too_many_in_organ:liver",
    )
