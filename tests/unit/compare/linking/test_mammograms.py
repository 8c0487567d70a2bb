"""Mammograms are compared from the chest wall: by as many mm into the breast, whichever way it faces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.linking.frame_graph import FrameGraph
from compare.linking.link_status import LinkReason
from compare.linking.propagate import propagate
from compare.session.commands import pan_by
from compare.session.comparison_session import ComparisonSession, Layout, LinkedAction, Viewport
from compare.viewing.chest_wall import at_the_wall, chest_wall_side, distance_from_wall_mm
from compare.viewing.view_state import ViewState
from loaders.model.frame_plane import Vector3
from loaders.model.stack import Stack
from loaders.model.units import SpacingBasis
from tests.support.pictures import make_stack

PROCESSED, TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.13.1.3"


def breast(series: str, towards: str, *, columns: int = 200, mm: float = 0.1, sop_class: str = PROCESSED) -> Stack:
    """``towards`` is where the rows lead: ``P`` ends at the chest wall, ``A`` begins there."""
    stack = make_stack(
        series=series, slices=1, rows=400, columns=columns, spacing_mm=(mm, mm), basis=SpacingBasis.AT_DETECTOR,
        has_geometry=False, orientation="unknown",
    )  # fmt: skip
    frames = tuple(replace(f, patient_orientation=(towards, "F"), sop_class_uid=sop_class) for f in stack.frames)
    return replace(stack, frames=frames)


def linked(*stacks: Stack) -> ComparisonSession:
    views = tuple(
        Viewport(
            stack=stack.key, study_key=stack.key.study_uid, view=ViewState(centre_mm=(10.0, 20.0), mm_per_pixel=0.1)
        )
        for stack in stacks
    )
    return ComparisonSession(layout=Layout(1, len(stacks)), viewports=views)


def test_the_wall_is_where_the_file_says_and_only_on_a_mammogram() -> None:
    assert [chest_wall_side(breast("a", letters).frames[0]) for letters in ("P", "A", "PL", "R", "F")] == [
        1,
        -1,
        1,
        0,
        0,
    ]
    assert chest_wall_side(replace(breast("a", "P").frames[0], sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1")) == 0
    assert chest_wall_side(replace(breast("a", "P").frames[0], patient_orientation=None)) == 0
    assert chest_wall_side(breast("a", "A", sop_class=TOMOSYNTHESIS).frames[0]) == -1
    # 200 columns of 0.1 mm: the outer edge of the last one lies at 19.95 mm, of the first at -0.05 mm.
    assert distance_from_wall_mm(breast("a", "P").frames[0], 9.95) == pytest.approx(10.0)
    assert distance_from_wall_mm(breast("a", "A").frames[0], 9.95) == pytest.approx(10.0)


@pytest.mark.parametrize(("row", "side"), [((0.0, 1.0, 0.0), 1), ((0.0, -1.0, 0.0), -1), ((1.0, 0.0, 0.0), 0)])
def test_tomosynthesis_has_its_wall_by_its_place_in_the_patient(row: Vector3, side: int) -> None:
    stack = make_stack(series="t", slices=2, axes=(row, (0.0, 0.0, -1.0)))
    assert chest_wall_side(replace(stack.frames[0], sop_class_uid=TOMOSYNTHESIS)) == side


@given(st.sampled_from("PA"), st.sampled_from("PA"), st.floats(-5, 15), st.floats(-15, 15), st.integers(150, 400))
def test_a_pan_goes_as_far_from_either_chest_wall(
    here: str, there: str, right: float, down: float, columns: int
) -> None:
    a, b = breast("a", here), breast("b", there, columns=columns, mm=0.07)
    before = linked(a, b)
    stacks = {stack.key: stack for stack in (a, b)}
    moved = pan_by(before, 0, right, down)
    after, (status,) = propagate(before, moved, 0, LinkedAction.PAN, stacks, FrameGraph())
    assert status.is_linked
    assert status.reason is LinkReason.SCALE_NOT_COMPARABLE  # at the detector: said, though both are mm
    distances = [
        distance_from_wall_mm(stack.frames[0], viewport.view.centre_mm[0])
        for stack, viewport in zip((a, b), after.viewports, strict=True)
    ]
    assert distances[0] == pytest.approx(distances[1])
    assert after.viewports[1].view.centre_mm[1] == pytest.approx(20.0 + down)


@pytest.mark.parametrize(("towards", "edge_mm"), [("P", 19.95), ("A", -0.05)])
@pytest.mark.parametrize("flipped", [False, True])
def test_the_wall_stands_at_the_edge_of_the_canvas(towards: str, edge_mm: float, flipped: bool) -> None:
    frame = breast("a", towards).frames[0]
    view = at_the_wall(ViewState(centre_mm=(9.95, 19.95), mm_per_pixel=0.1, flipped=flipped), frame, 300)
    assert view.centre_mm[1] == 19.95
    assert abs(view.centre_mm[0] - edge_mm) == pytest.approx(15.0)
    # Inside the edge, not beyond it: the breast is in sight.
    assert (view.centre_mm[0] < edge_mm) == (towards == "P")
    turned = replace(view, quarter_turns=1, centre_mm=(9.95, 19.95))
    assert at_the_wall(turned, frame, 300) == turned
