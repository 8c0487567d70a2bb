"""From studies to a session: what hangs where, at which slice and scale, when a folder is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compare.hanging.window_presets import default_window
from compare.linking.frame_graph import FrameGraph, LinkBasis
from compare.linking.known_frames import graph_of
from compare.linking.propagate import propagate
from compare.linking.stack_places import Stacks
from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.roles import newest_first, roles_of, study_key_of
from compare.pairing.series_features import SeriesFeatures, features_of
from compare.pairing.series_pairs import Pairing, SeriesPair, pair_series
from compare.session.comparison_session import ComparisonSession, Layout, LinkedAction, Role, Viewport
from compare.session.view_commands import fitted_view, refit
from compare.viewing.view_state import Presentation, ViewState, WindowOrigin
from loaders.model.display import VoiFunction, Window
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.study import Study
from loaders.model.units import ValueUnit

Canvas = tuple[int, int]
MOST_TIME_POINTS = 3
_EMPTY = ComparisonSession()
_VIEW_ORDER = {"MLO": 0, "CC": 1, "PA": 0, "AP": 0, "LL": 1, "RL": 1, "LATERAL": 1}


@dataclass(frozen=True, slots=True)
class Hanging:
    """A session ready to show, with what it was made from: the pairs to step through and the frame graph."""

    session: ComparisonSession
    pairings: tuple[Pairing, ...]
    graph: FrameGraph


def stacks_of(studies: Sequence[Study]) -> dict[StackKey, Stack]:
    """Return every stack of the studies by its key."""
    return {stack.key: stack for study in studies for series in study.series for stack in series.stacks}


def hang_studies(
    studies: Sequence[Study], canvas: Canvas = (1000, 1000), known: PairingKnowledge = NOTHING_KNOWN
) -> Hanging:
    """Hang one study, or up to three studies of one patient, newest at the left.

    The caller has checked that they are of one patient (:mod:`compare.identity`). ``canvas`` is the whole area in
    device pixels, shared by the viewports. Studies that have nothing to show are left out.
    """
    shown = [study for study in newest_first(studies) if any(map(features_of, study.series))][:MOST_TIME_POINTS]
    if not shown:
        return Hanging(ComparisonSession(), (), FrameGraph())
    graph = graph_of(shown)
    if len(shown) == 1:
        return Hanging(_hang_one(shown[0], canvas), (), graph)
    roles = roles_of(shown)
    pairings = tuple(pair_series(shown[0], prior, known) for prior in shown[1:])
    chosen = _chosen_series(shown, pairings)
    return Hanging(_side_by_side(shown, chosen, roles, canvas, graph), pairings, graph)


def hang_pair(
    session: ComparisonSession, pair: SeriesPair, studies: tuple[Study, Study], canvas: Canvas, graph: FrameGraph
) -> ComparisonSession:
    """Hang a pair of series in place of what hangs, keeping offsets, measurements and switches of the session."""
    made = _side_by_side(list(studies), [pair.current, pair.prior], roles_of(studies), canvas, graph, base=session)
    actions = [viewport.actions for viewport in session.viewports]
    viewports = tuple(
        replace(viewport, actions=actions[index]) if index < len(actions) else viewport
        for index, viewport in enumerate(made.viewports)
    )
    return replace(made, viewports=viewports)


def neighbouring_pair(pairing: Pairing, current_uid: str, step: int) -> SeriesPair | None:
    """Return the next (or with ``step`` -1 the previous) pair after the one whose current series is shown, going round.

    Where the shown series is in no pair the first pair answers; ``None`` where there is none.
    """
    if not pairing.pairs:
        return None
    at = next((i for i, pair in enumerate(pairing.pairs) if pair.current.uid == current_uid), None)
    return pairing.pairs[0] if at is None else pairing.pairs[(at + step) % len(pairing.pairs)]


def starting_presentation(series: Series, stack: Stack, frame_index: int) -> Presentation:
    """Return the file's own window where it has one, else a preset for its modality, else an automatic range."""
    frame = stack.frames[frame_index]
    if frame.display.windows or frame.display.voi_tables or frame.format.is_colour:
        return Presentation()
    features = features_of(series)
    text = f"{series.description} {series.body_part} {series.protocol}"
    sharpness = None if features is None else features.kernel_sharpness
    window = default_window(series.modality, frame.values.unit, text, sharpness)
    return Presentation() if window is None else Presentation(window=window, window_origin=WindowOrigin.PRESET)


def best_series(study: Study) -> Series | None:
    """Return the series one opens a study with: a volume rather than a picture, never a localiser if avoidable."""
    known = [features for series in study.series if (features := features_of(series)) is not None]
    return max(known, key=_worth).series if known else None


def _worth(features: SeriesFeatures) -> tuple[int, int, int, int, str]:
    kind = {StackKind.SINGLE: 0, StackKind.STACK: 1, StackKind.VOLUME: 2}[features.stack.kind]
    is_axial = features.plane == "axial"
    number = -(features.series.number or 0)
    return (
        not features.is_localiser,
        kind,
        is_axial + min(len(features.stack.frames), 50),
        number,
        features.series.uid,
    )


def _chosen_series(shown: Sequence[Study], pairings: Sequence[Pairing]) -> list[Series]:
    """The current series that most priors have a partner for, and those partners; else each study's best one."""
    votes: dict[str, tuple[int, float]] = {}
    for pairing in pairings:
        for rank, pair in enumerate(pairing.pairs):
            count, order = votes.get(pair.current.uid, (0, 0.0))
            votes[pair.current.uid] = (count + 1, order - rank)
    uid = max(votes, key=lambda one: votes[one], default="")
    chosen = []
    for index, study in enumerate(shown):
        best = best_series(study)
        if index == 0:
            partner = next((series for series in study.series if series.uid == uid), best)
        else:
            partner = next((p.prior for p in pairings[index - 1].pairs if p.current.uid == uid), best)
        if partner is not None:
            chosen.append(partner)
    return chosen


def _hang_one(study: Study, canvas: Canvas) -> ComparisonSession:
    pictures = [
        series for series in study.series if series.modality in ("MG", "CR", "DX") and features_of(series) is not None
    ]
    if len(pictures) < 2:
        best = best_series(study)
        series = [best] if best is not None else []
    else:
        series = sorted(pictures, key=_picture_order)[:4]
    layout = {1: Layout(1, 1), 2: Layout(1, 2)}.get(len(series), Layout(2, 2))
    cell = (canvas[0] // layout.columns, canvas[1] // layout.rows)
    viewports = [_viewport(study, one, Role.UNKNOWN, cell) for one in series]
    viewports += [Viewport() for _ in range(layout.cells - len(viewports))]
    session = ComparisonSession(layout=layout, viewports=tuple(viewports))
    stacks = {stack.key: stack for one in series for stack in one.stacks}
    return refit(session, stacks, (cell,) * layout.cells)


def _picture_order(series: Series) -> tuple[int, int, int, str]:
    """Views in rows, the patient's right breast at the left of the screen, as one faces the patient."""
    side = {"R": 0, "L": 1}.get(series.laterality.upper(), 2)
    view = _VIEW_ORDER.get(series.view_position.upper(), 2)
    return (view, side, series.number or 0, series.uid)


def hang_cells(
    filled: Sequence[tuple[Study, Series] | None],
    layout: Layout,
    canvas: Canvas,
    graph: FrameGraph,
    *,
    base: ComparisonSession = _EMPTY,
) -> ComparisonSession:
    """Return ``base`` with a series, or nothing, in every cell of a grid, at one place and window where they can be.

    ``filled`` has one entry a cell, row by row; ``canvas`` is the whole area in device pixels.
    """
    cell = (canvas[0] // layout.columns, canvas[1] // layout.rows)
    studies = {study_key_of(place[0]): place[0] for place in filled if place is not None}
    roles = roles_of(studies.values()) if len(studies) > 1 else {}
    viewports = tuple(
        Viewport()
        if place is None
        else _viewport(place[0], place[1], roles.get(study_key_of(place[0]), Role.UNKNOWN), cell)
        for place in filled
    )
    session = replace(base, layout=layout, viewports=viewports, active=0)
    chosen = [place[1] for place in filled if place is not None]
    stacks = {stack.key: stack for series in chosen for stack in series.stacks}
    session = refit(session, stacks, (cell,) * layout.cells)
    if len(chosen) < 2 or viewports[0].stack is None:
        return session
    if len(chosen) == len(filled):
        session = _shared_window(session, chosen, stacks)
    return _same_place(session, stacks, graph)


def _side_by_side(
    shown: Sequence[Study],
    chosen: Sequence[Series],
    roles: dict[str, Role],
    canvas: Canvas,
    graph: FrameGraph,
    *,
    base: ComparisonSession = _EMPTY,
) -> ComparisonSession:
    cell = (canvas[0] // len(shown), canvas[1])
    viewports = tuple(
        _viewport(study, series, roles[study_key_of(study)], cell) for study, series in zip(shown, chosen, strict=True)
    )
    session = replace(base, layout=Layout(1, len(shown)), viewports=viewports, active=0)
    stacks = {stack.key: stack for series in chosen for stack in series.stacks}
    session = refit(session, stacks, (cell,) * len(shown))
    session = _shared_window(session, chosen, stacks)
    return _same_place(session, stacks, graph)


def _viewport(study: Study, series: Series, role: Role, cell: Canvas) -> Viewport:
    stack = max((stack for stack in series.stacks if stack.frames), key=lambda one: len(one.frames))
    middle = len(stack.frames) // 2
    return Viewport(
        stack=stack.key,
        study_key=study_key_of(study),
        role=role,
        view=fitted_view(ViewState(frame_index=middle), stack, cell),
        presentation=starting_presentation(series, stack, middle),
    )


def _shared_window(session: ComparisonSession, chosen: Sequence[Series], stacks: Stacks) -> ComparisonSession:
    """Start a CT pair in one window: two files' own windows would make unchanged tissue look changed."""
    units = {
        stacks[viewport.stack].frames[viewport.view.frame_index].values.unit
        for viewport in session.viewports
        if viewport.stack is not None
    }
    if units != {ValueUnit.HOUNSFIELD} or {series.modality for series in chosen} != {"CT"}:
        return session
    first = session.viewports[0]
    assert first.stack is not None  # noqa: S101 - all viewports of a comparison hang something
    stated = stacks[first.stack].frames[first.view.frame_index].display.windows
    window = first.presentation.window or next((one for one in stated if one.function is VoiFunction.LINEAR), None)
    if window is None:
        return session
    shared = Window(window.center, window.width, window.function, window.explanation)
    viewports = (
        first,
        *(
            replace(one, presentation=replace(one.presentation, window=shared, window_origin=WindowOrigin.LINK))
            for one in session.viewports[1:]
        ),
    )
    return replace(session, viewports=viewports)


def _same_place(session: ComparisonSession, stacks: Stacks, graph: FrameGraph) -> ComparisonSession:
    """Bring every prior to where the current one is, by the links that exist; fitted views stay fitted.

    Within known coordinates the current view starts at the middle of what both cover.
    """
    linked, statuses = propagate(session, session, 0, LinkedAction.SCROLL, stacks, graph)
    if any(status.basis in (None, LinkBasis.RELATIVE) for status in statuses):
        return linked
    start = _middle_of_overlap(session, linked, stacks, graph)
    first = session.viewports[0]
    moved = replace(first, view=replace(first.view, frame_index=start))
    session = replace(session, viewports=(moved, *session.viewports[1:]))
    session = propagate(session, session, 0, LinkedAction.SCROLL, stacks, graph)[0]
    return _same_centre(session, stacks, graph)


def _same_centre(session: ComparisonSession, stacks: Stacks, graph: FrameGraph) -> ComparisonSession:
    """Centre the others on the same anatomy where a transform says where it is; they stay fitted in scale."""
    panned, statuses = propagate(session, session, 0, LinkedAction.PAN, stacks, graph)
    viewports = list(session.viewports)
    for status in statuses:
        if status.is_linked and status.basis is not None:
            view = replace(panned.viewports[status.index].view, is_fitted=True)
            viewports[status.index] = replace(panned.viewports[status.index], view=view)
    return replace(session, viewports=tuple(viewports))


def _middle_of_overlap(session: ComparisonSession, linked: ComparisonSession, stacks: Stacks, graph: FrameGraph) -> int:
    """The current slice in the middle of those that every other view covers; the present one where there is none."""
    first = session.viewports[0]
    if first.stack is None:
        return 0
    covered = []
    for index in range(len(stacks[first.stack].frames)):
        moved = replace(first, view=replace(first.view, frame_index=index))
        tried = replace(linked, viewports=(moved, *linked.viewports[1:]))
        statuses = propagate(tried, tried, 0, LinkedAction.SCROLL, stacks, graph)[1]
        if all(status.is_linked and status.reason is None for status in statuses):
            covered.append(index)
    return covered[len(covered) // 2] if covered else first.view.frame_index
