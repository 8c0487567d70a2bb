"""What one sees a second after opening a folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from compare.hanging.hang import best_series, hang_cells, hang_pair, hang_studies, neighbouring_pair, stacks_of
from compare.hanging.window_presets import presets_for
from compare.linking.frame_graph import FrameGraph, LinkBasis, Space
from compare.linking.known_frames import graph_of
from compare.linking.propagate import link_statuses
from compare.session.comparison_session import Layout, LinkedAction, Role
from compare.session.view_commands import refit
from compare.viewing.view_state import WindowOrigin
from loaders.model.display import DisplayDefaults, ValueMapping, Window
from loaders.model.series import Equipment, Series
from loaders.model.stack import Stack, StackKind
from loaders.model.study import Study
from loaders.model.units import SpacingBasis, ValueUnit
from tests.support.examinations import make_series, make_study
from tests.support.pictures import make_stack

NEW, OLD, OLDEST = date(2026, 1, 10), date(2025, 1, 10), date(2023, 1, 10)
SCANNER = Equipment("Maker", "Model", "CT1", "Hospital")


def chest(
    study: str,
    day: date,
    *,
    uid: str = "",
    spacing: float = 0.7,
    slices: int = 60,
    step: float = 5.0,
    start: float = 0.0,
    frame_uid: str = "",
    windows: tuple[Window, ...] = (),
    equipment: Equipment = Equipment(),  # noqa: B008 - a frozen value
) -> Study:
    stack = make_stack(
        slices=slices, step_mm=step, start=(0.0, 0.0, start), spacing_mm=(spacing, spacing),
        frame_of_reference_uid=frame_uid or study,
    )  # fmt: skip
    frames = tuple(
        replace(f, values=ValueMapping(unit=ValueUnit.HOUNSFIELD), display=DisplayDefaults(windows=windows))
        for f in stack.frames
    )
    stack = replace(stack, frames=frames, kind=StackKind.VOLUME)
    series = make_series(
        uid or f"{study}-s", stack=stack, study=study, description="CHEST", body_part="CHEST", equipment=equipment
    )
    return make_study(study, series, day=day)


def test_current_hangs_left_prior_right_at_one_scale() -> None:
    hanging = hang_studies([chest("then", OLD, spacing=0.9), chest("now", NEW)], (1000, 600))
    left, right = hanging.session.viewports
    assert (left.study_key, left.role) == ("now", Role.CURRENT)
    assert (right.study_key, right.role) == ("then", Role.PRIOR)
    assert left.view.mm_per_pixel == right.view.mm_per_pixel == pytest.approx(512 * 0.9 / 500)
    assert left.view.is_fitted
    assert right.view.is_fitted
    assert left.presentation.window == right.presentation.window == Window(40, 400, explanation="soft_tissue")


def test_three_time_points_newest_first() -> None:
    hanging = hang_studies([chest("b", OLD), chest("c", OLDEST), chest("a", NEW)])
    assert [v.study_key for v in hanging.session.viewports] == ["a", "b", "c"]
    assert [v.role for v in hanging.session.viewports] == [Role.CURRENT, Role.PRIOR, Role.PRIOR]
    assert len(hanging.pairings) == 2


def test_one_scanners_table_starts_in_the_middle_of_what_both_cover() -> None:
    # Current 0..295 mm, prior 100..395 mm: together 100..295.
    now, then = chest("now", NEW, equipment=SCANNER), chest("then", OLD, start=100.0, equipment=SCANNER)
    hanging = hang_studies([now, then])
    left, right = hanging.session.viewports
    assert 195 <= left.view.frame_index * 5.0 <= 205
    assert 100.0 + right.view.frame_index * 5.0 == left.view.frame_index * 5.0
    status = link_statuses(hanging.session, 0, LinkedAction.SCROLL, stacks_of([now, then]), hanging.graph)[0]
    assert status.basis is LinkBasis.TABLE_POSITION


@pytest.mark.parametrize(("apart_days", "is_one"), [(0, True), (1, True), (2, False), (366, False)])
def test_an_equal_frame_uid_is_believed_within_one_visit_only(apart_days: int, is_one: bool) -> None:
    first = chest("a", NEW, frame_uid="1.2.3")
    second = chest("b", date.fromordinal(NEW.toordinal() - apart_days), frame_uid="1.2.3")
    link = graph_of([first, second]).between(Space("a", "1.2.3"), Space("b", "1.2.3"))
    assert (link is not None) is is_one


def test_a_scanner_that_does_not_say_which_it_is_is_no_one_scanner() -> None:
    unnamed = replace(SCANNER, station="")
    a, b = chest("a", NEW, equipment=unnamed), chest("b", OLD, equipment=unnamed)
    assert graph_of([a, b]).edges == ()


def test_a_files_own_window_is_kept_and_shared_by_a_ct_pair() -> None:
    own = Window(-500, 1400)
    hanging = hang_studies([chest("now", NEW, windows=(own,)), chest("then", OLD, windows=(Window(50, 350),))])
    left, right = hanging.session.viewports
    assert left.presentation.window is None
    assert left.presentation.window_origin is WindowOrigin.FILE
    assert (right.presentation.window, right.presentation.window_origin) == (own, WindowOrigin.LINK)


MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2"


def _mammogram(uid: str, side: str, view: str) -> Series:
    stack = make_stack(
        slices=1, rows=400, columns=200, basis=SpacingBasis.AT_DETECTOR, has_geometry=False, orientation="unknown"
    )
    towards = "P" if side == "R" else "A"
    stack = replace(
        stack,
        frames=tuple(replace(f, patient_orientation=(towards, "F"), sop_class_uid=MAMMOGRAM) for f in stack.frames),
    )
    return make_series(uid, modality="MG", stack=stack, laterality=side, view_position=view)


def test_mammograms_hang_back_to_back() -> None:
    study = make_study("m", *(_mammogram(f"{s}{v}", s, v) for v in ("CC", "MLO") for s in ("L", "R")))
    session = hang_studies([study], (800, 800)).session
    assert (session.layout.rows, session.layout.columns) == (2, 2)
    hung = [viewport.stack.series_uid for viewport in session.viewports if viewport.stack]
    assert hung == ["RMLO", "LMLO", "RCC", "LCC"]
    right, left = session.viewports[0].view, session.viewports[1].view
    # 400 x 0.7 mm fill 400 pixels; 200 of the 400 pixels across are spare: the right edge of the right breast touches.
    assert right.centre_mm[0] + 200 * right.mm_per_pixel == pytest.approx(199.5 * 0.7)
    assert left.centre_mm[0] - 200 * left.mm_per_pixel == pytest.approx(-0.5 * 0.7)


def test_mammograms_stay_back_to_back_when_the_window_changes_and_beside_their_priors() -> None:
    now, before = (
        make_study(name, *(replace(_mammogram(f"{name}{s}CC", s, "CC"), description=name) for s in "RL"), day=day)
        for name, day in (("now", date(2026, 1, 5)), ("before", date(2024, 1, 5)))
    )
    cells = tuple((study, series) for study in (now, before) for series in study.series)
    session = hang_cells(cells, Layout(2, 2), (800, 800), FrameGraph())
    stacks = {stack.key: stack for _, series in cells for stack in series.stacks}
    for canvas in ((400, 400), (700, 300)):
        session = refit(session, stacks, (canvas,) * 4)
        for index, viewport in enumerate(session.viewports):
            half_mm = canvas[0] / 2 * viewport.view.mm_per_pixel
            is_right = index % 2 == 0
            wall = viewport.view.centre_mm[0] + (half_mm if is_right else -half_mm)
            assert wall == pytest.approx((199.5 if is_right else -0.5) * 0.7)


def test_a_localiser_is_never_the_first_thing_seen() -> None:
    localiser = make_series("loc", description="Topogram", stack=make_stack(slices=3))
    volume = make_series("vol", stack=replace(make_stack(slices=30), kind=StackKind.VOLUME), number=2)
    best = best_series(make_study("s", localiser, volume))
    assert best is not None
    assert best.uid == "vol"
    assert best_series(make_study("s", Series("x", "SR"))) is None


def test_nothing_to_show_is_an_empty_session() -> None:
    assert hang_studies([]).session.viewports[0].stack is None
    assert hang_studies([make_study("s", Series("x", "SR"))]).session.viewports[0].stack is None


def test_the_next_pair_goes_round_and_keeps_offsets_and_switches() -> None:
    now, then = chest("now", NEW), chest("then", OLD)
    lung = {s.uid: chest(s.uid, s.study_date or NEW, uid=f"{s.uid}-l").series[0] for s in (now, then)}
    now = replace(now, series=(*now.series, _in_study(lung["now"], "now")))
    then = replace(then, series=(*then.series, _in_study(lung["then"], "then")))
    hanging = hang_studies([now, then])
    (pairing,) = hanging.pairings
    assert len(pairing.pairs) == 2
    shown = pairing.pairs[0].current.uid
    following = neighbouring_pair(pairing, shown, 1)
    assert following == pairing.pairs[1]
    assert following is not None
    assert neighbouring_pair(pairing, following.current.uid, 1) == pairing.pairs[0]
    first = hanging.session.viewports[0]
    session = replace(hanging.session, viewports=(replace(first, actions=frozenset()), *hanging.session.viewports[1:]))
    session = hang_pair(session, following, (now, then), (1000, 500), hanging.graph)
    assert session.viewports[0].actions == frozenset()
    assert session.viewports[0].stack == following.current.stacks[0].key


def _in_study(series: Series, study: str) -> Series:
    def moved(stack: Stack) -> Stack:
        return replace(stack, key=replace(stack.key, study_uid=study))

    return replace(series, description="LUNG", stacks=tuple(map(moved, series.stacks)))


def test_presets_hold_in_their_own_unit_only() -> None:
    assert [preset.key for preset in presets_for("CT", ValueUnit.HOUNSFIELD)] == list(range(1, 10))
    assert presets_for("CT", ValueUnit.STORED) == ()
    assert presets_for("PT", ValueUnit.BECQUEREL_PER_ML) == ()
    lung = presets_for("CT", ValueUnit.HOUNSFIELD)[1]
    assert (lung.key, lung.code, lung.window.center, lung.window.width) == (2, "lung", -600, 1500)
