"""One screen pixel is the same number of millimetres on both sides, or the picture says that it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.hanging.hang import hang_studies, stacks_of
from compare.linking.frame_graph import FrameGraph
from compare.linking.in_plane import frame_of
from compare.linking.link_status import LinkReason
from compare.linking.propagate import link_statuses, propagate
from compare.session.comparison_session import ComparisonSession, Layout, LinkedAction, Viewport
from compare.session.view_commands import refit, show_stack, zoom_at
from compare.viewing.canvas import CanvasTransform
from loaders.model.study import Study
from loaders.model.units import SpacingBasis
from loaders.progress import CancelToken
from loaders.stores.local_folder import LocalFolder
from tests.support.pictures import make_stack
from tests.support.shared_data import real_path

PAIRS = (
    "pairs/ct-known-change-1",
    "pairs/ms-longitudinal-01",
    "pairs/ms-longitudinal-12",
    "pairs/siemens-4-positions-HFS-HFP-HFDL-HFDR",
    "pairs/orthanc-patient-with-2-studies",
)
_SPACING = st.floats(0.05, 4.0)
_SIDE = st.integers(1, 5000)
#: Canvases in device pixels: the same window at any scale of the screen.
_CANVAS = st.tuples(st.integers(100, 4000), st.integers(100, 4000))


def pixels_per_10_mm(session: ComparisonSession, index: int, stacks: dict, canvas: tuple[int, int]) -> list[float]:  # type: ignore[type-arg]
    """How many device pixels ten millimetres take across and down, measured on the canvas."""
    viewport = session.viewports[index]
    frame = frame_of(viewport, stacks)
    assert frame is not None
    transform = CanvasTransform.of(viewport.view, frame, *canvas)
    start = np.array(transform.image_to_canvas(0.0, 0.0))
    across = np.array(transform.image_to_canvas(10.0 / frame.spacing.column_mm, 0.0))
    down = np.array(transform.image_to_canvas(0.0, 10.0 / frame.spacing.row_mm))
    return [float(np.linalg.norm(across - start)), float(np.linalg.norm(down - start))]


@settings(max_examples=60, deadline=None)
@given(
    spacings=st.tuples(_SPACING, _SPACING, _SPACING, _SPACING),
    sides=st.tuples(_SIDE, _SIDE, _SIDE, _SIDE),
    canvases=st.tuples(_CANVAS, _CANVAS),
    factor=st.floats(0.3, 3.0),
)
def test_any_two_matrices_and_canvases_share_one_scale(
    spacings: tuple[float, float, float, float],
    sides: tuple[int, int, int, int],
    canvases: tuple[tuple[int, int], tuple[int, int]],
    factor: float,
) -> None:
    a = make_stack(study="a", series="a1", rows=sides[0], columns=sides[1], spacing_mm=spacings[:2])
    b = make_stack(study="b", series="b1", rows=sides[2], columns=sides[3], spacing_mm=spacings[2:])
    stacks = {a.key: a, b.key: b}
    session = ComparisonSession(Layout(1, 2), (Viewport(), Viewport()))
    session = show_stack(session, 1, b, canvas=canvases[1])
    session = refit(show_stack(session, 0, a, canvas=canvases[0]), stacks, canvases)
    left, right = (pixels_per_10_mm(session, index, stacks, canvases[index]) for index in (0, 1))
    assert left == pytest.approx(right, rel=1e-9)

    before = session
    session = zoom_at(session, 0, factor, (1.0, 2.0), stacks)
    session, _ = propagate(before, session, 0, LinkedAction.ZOOM, stacks, FrameGraph())
    left, right = (pixels_per_10_mm(session, index, stacks, canvases[index]) for index in (0, 1))
    assert left == pytest.approx(right, rel=1e-9)


def studies_in(path: Path) -> list[Study]:
    source = LocalFolder((path,))
    try:
        catalogue = source.catalogue(
            on_found=lambda _found: None, progress=lambda _progress: None, cancel=CancelToken()
        )
        return list(catalogue.studies)
    finally:
        source.close()


@pytest.mark.parametrize("relative", PAIRS)
def test_real_pairs_hang_and_zoom_at_one_scale(relative: str) -> None:
    studies = studies_in(real_path(relative))
    hanging = hang_studies(studies[:2], (1600, 900))
    stacks = stacks_of(studies)
    session = hanging.session
    assert len(session.viewports) == 2
    canvases = ((790, 900), (810, 900))
    session = refit(session, stacks, canvases)
    for factor in (1.0, 1.7, 0.4):
        before = session
        session = zoom_at(session, 0, factor, (30.0, 20.0), stacks)
        session, _ = propagate(before, session, 0, LinkedAction.ZOOM, stacks, hanging.graph)
        left, right = (pixels_per_10_mm(session, index, stacks, canvases[index]) for index in (0, 1))
        assert left == pytest.approx(right, rel=1e-9)


def test_films_without_millimetres_say_so_and_follow_relatively() -> None:
    studies = studies_in(real_path("pairs/cxr-serial/327d82ca"))
    session = hang_studies(studies[:2], (1600, 900)).session
    stacks = stacks_of(studies)
    assert len(session.viewports) == 2
    (status,) = link_statuses(session, 0, LinkedAction.ZOOM, stacks, FrameGraph())
    assert status.reason is LinkReason.SCALE_NOT_COMPARABLE
    before = session
    session = zoom_at(session, 0, 2.0, (0.0, 0.0), stacks)
    session, _ = propagate(before, session, 0, LinkedAction.ZOOM, stacks, FrameGraph())
    for index in (0, 1):
        scales = [one.viewports[index].view.mm_per_pixel for one in (before, session)]
        assert scales[1] == pytest.approx(scales[0] / 2.0)


@pytest.mark.parametrize("basis", [SpacingBasis.AT_DETECTOR, SpacingBasis.PIXELS_ONLY, SpacingBasis.SCANNED])
def test_untrusted_millimetres_are_never_equalised(basis: SpacingBasis) -> None:
    a = make_stack(study="a", series="a1", slices=1, spacing_mm=(0.2, 0.2), basis=basis)
    b = make_stack(study="b", series="b1", slices=1, spacing_mm=(0.1, 0.1))
    stacks = {a.key: a, b.key: b}
    session = ComparisonSession(Layout(1, 2), (Viewport(), Viewport()))
    session = show_stack(session, 1, b, canvas=(500, 500))
    session = refit(show_stack(session, 0, a, canvas=(500, 500)), stacks, ((500, 500), (500, 500)))
    # Each fills its own canvas: 512 pixels of 0.2 and of 0.1.
    assert session.viewports[0].view.mm_per_pixel == pytest.approx(512 * 0.2 / 500)
    assert session.viewports[1].view.mm_per_pixel == pytest.approx(512 * 0.1 / 500)
