"""Which series hang side by side, in cases every department knows; the assignment against brute force."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.pairing.assignment import best_assignment
from compare.pairing.series_pairs import pair_series
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.units import SpacingBasis
from tests.support.examinations import make_series, make_study
from tests.support.pictures import CORONAL, SAGITTAL, make_stack


def _film() -> Stack:
    return make_stack(slices=1, basis=SpacingBasis.AT_DETECTOR, has_geometry=False, orientation="unknown")


def pairs(current: list[Series], prior: list[Series]) -> set[tuple[str, str]]:
    found = pair_series(make_study("1", *current), make_study("2", *prior))
    assert all(0.0 <= pair.score <= 1.0 and pair.reasons for pair in found.pairs)
    alone = {series.uid for series in (*found.unpaired_current, *found.unpaired_prior)}
    paired = {uid for pair in found.pairs for uid in (pair.current.uid, pair.prior.uid)}
    assert alone | paired == {series.uid for series in (*current, *prior)}
    assert not alone & paired
    return {(pair.current.uid, pair.prior.uid) for pair in found.pairs}


def test_chest_ct_lung_with_lung_and_soft_with_soft_whatever_they_are_called() -> None:
    def ct(uid: str, text: str, kernel: str, thickness: float) -> Series:
        stack = make_stack(slices=60, step_mm=thickness, thickness_mm=thickness)
        return make_series(uid, description=text, stack=stack, technique=(("kernel", kernel),), body_part="CHEST")

    current = [ct("soft", "CHEST 2.0 MEDIASTINUM", "B30f", 2), ct("lung", "LUNG 1MM", "B70f", 1)]
    prior = [ct("p-lung", "Thorax HR", "LUNG", 1.25), ct("p-soft", "Thorax std", "STANDARD", 2.5)]
    for order in permutations(prior):
        assert pairs(current, list(order)) == {("soft", "p-soft"), ("lung", "p-lung")}


def test_planes_modalities_and_localisers_keep_to_themselves() -> None:
    def mr(uid: str, axes: object = None, **facts: object) -> Series:
        stack = make_stack(slices=20, axes=axes) if axes else make_stack(slices=20)  # type: ignore[arg-type]
        return make_series(uid, modality="MR", stack=stack, **facts)  # type: ignore[arg-type]

    current = [mr("ax"), mr("cor", CORONAL), mr("sag", SAGITTAL), mr("loc", description="3-plane LOCALIZER")]
    prior = [mr("p-sag", SAGITTAL), mr("p-loc", description="SURVEY"), make_series("p-ct", stack=make_stack(slices=20))]
    assert pairs(current, prior) == {("sag", "p-sag"), ("loc", "p-loc")}


def test_mr_weighting_decides_where_descriptions_do_not() -> None:
    def mr(uid: str, repetition: str, echo: str, inversion: str = "") -> Series:
        facts = (("TR", repetition), ("TE", echo), *((("TI", inversion),) if inversion else ()))
        return make_series(uid, modality="MR", stack=make_stack(slices=24), technique=facts, description="BRAIN AX")

    current = [mr("t1", "500", "10"), mr("t2", "4000", "100"), mr("flair", "9000", "110", "2500")]
    prior = [mr("p-flair", "8000", "120", "2400"), mr("p-t1", "600", "12"), mr("p-t2", "4500", "95")]
    assert pairs(current, prior) == {("t1", "p-t1"), ("t2", "p-t2"), ("flair", "p-flair")}


def test_a_b_value_is_not_mistaken_for_another() -> None:
    def dwi(uid: str, b: str) -> Series:
        return make_series(uid, modality="MR", stack=make_stack(slices=24), technique=(("b_value", b), ("TE", "80")))

    assert pairs([dwi("b0", "0"), dwi("b1000", "1000")], [dwi("p1000", "1000"), dwi("p0", "0")]) == {
        ("b0", "p0"),
        ("b1000", "p1000"),
    }


def test_mammograms_pair_by_side_and_view_only() -> None:
    def mg(uid: str, side: str, view: str) -> Series:
        return make_series(uid, modality="MG", stack=_film(), laterality=side, view_position=view)

    current = [mg("rcc", "R", "CC"), mg("lcc", "L", "CC"), mg("rmlo", "R", "MLO"), mg("lmlo", "L", "MLO")]
    prior = [mg("p-lmlo", "L", "MLO"), mg("p-rcc", "R", "CC"), mg("p-lcc", "L", "CC")]
    assert pairs(current, prior) == {("rcc", "p-rcc"), ("lcc", "p-lcc"), ("lmlo", "p-lmlo")}


def test_a_lateral_film_never_meets_a_frontal_one_but_ap_meets_pa() -> None:
    def film(uid: str, view: str, modality: str = "DX") -> Series:
        return make_series(
            uid, modality=modality, stack=_film(), view_position=view, body_part="CHEST", description=f"CHEST {view}"
        )

    assert pairs([film("pa", "PA")], [film("lat", "LL")]) == set()
    assert pairs([film("pa", "PA")], [film("ap", "AP", "CR")]) == {("pa", "ap")}
    assert pairs([film("pa", "PA")], [film("ap", "AP (ERECT)")]) == {("pa", "ap")}
    assert pairs([film("ap", "AP (ERECT)")], [film("lat", "LL (ERECT)")]) == set()


def test_a_series_without_pictures_stays_alone() -> None:
    empty = Series("empty", "CT")
    assert pairs([empty], [make_series("p")]) == set()


@settings(max_examples=80)
@given(st.data())
def test_the_assignment_is_the_best_there_is(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    scores = [[data.draw(st.floats(-10, 10)) for _ in range(columns)] for _ in range(rows)]
    chosen = best_assignment(scores)
    assert len(chosen) == min(rows, columns)
    assert len({row for row, _ in chosen}) == len({column for _, column in chosen}) == len(chosen)
    if rows <= columns:
        best = max(sum(scores[i][c] for i, c in enumerate(order)) for order in permutations(range(columns), rows))
    else:
        best = max(sum(scores[r][i] for i, r in enumerate(order)) for order in permutations(range(rows), columns))
    assert sum(scores[r][c] for r, c in chosen) == pytest.approx(best)
