"""Fill the cells of a protocol's stage with series, and hang them at one place and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compare.hanging.hang import Canvas, best_series, hang_cells
from compare.hanging.protocol import Cell, Conditions, HangingProtocol, SeriesSelector, Stage, StudyPlace
from compare.hanging.window_presets import presets_for
from compare.linking.frame_graph import FrameGraph
from compare.pairing.roles import study_key_of
from compare.pairing.series_features import SeriesFeatures, features_of
from compare.pairing.series_pairs import pair_series
from compare.session.comparison_session import ComparisonSession, Layout, Viewport
from compare.viewing.view_state import Presentation, WindowOrigin
from loaders.model.series import Series
from loaders.model.study import Study

_FRONTAL = frozenset({"AP", "PA"})
_LATERAL = frozenset({"LL", "RL", "LATERAL"})
Filled = tuple[Study, Series] | None
#: No series answers to this: the cell of a viewport that was empty stays empty.
_NOTHING = SeriesSelector(modality="NONE")


def fill_stage(stage: Stage, studies: Sequence[Study]) -> tuple[Filled, ...]:
    """Return the study and series of every cell of the grid, ``None`` for one that nothing fits.

    ``studies`` are of one patient, newest first. No series stands in two cells unless a partner asks for it.
    """
    filled: list[Filled] = []
    used: set[str] = set()
    for cell in stage.cells:
        study = studies[cell.study.number] if cell.study.number < len(studies) else None
        found = None if study is None else _series_for(cell, study, filled, used)
        if found is not None:
            used.add(found.uid)
        filled.append(None if study is None or found is None else (study, found))
    filled += [None] * (stage.rows * stage.columns - len(filled))
    return tuple(filled)


def with_usable_stages(protocol: HangingProtocol, studies: Sequence[Study]) -> HangingProtocol:
    """Return the protocol without the stages whose point is missing here: no tomosynthesis, no stage for it."""
    usable = tuple(
        stage
        for stage in protocol.stages
        if not any(cell.series.slices == "many" for cell in stage.cells)
        or any(
            place is not None and cell.series.slices == "many"
            for cell, place in zip(stage.cells, fill_stage(stage, studies), strict=False)
        )
    )
    return replace(protocol, stages=usable or protocol.stages[:1])


def hang_stage(
    stage: Stage, studies: Sequence[Study], canvas: Canvas, graph: FrameGraph, base: ComparisonSession
) -> ComparisonSession:
    """Return ``base`` with a stage in place of what hangs; what else it holds (offsets, measurements) stays."""
    filled = fill_stage(stage, studies)
    session = hang_cells(filled, Layout(stage.rows, stage.columns), canvas, graph, base=base)
    viewports = list(session.viewports)
    for index, cell in enumerate(stage.cells):
        place = filled[index]
        if cell.preset and place is not None:
            viewports[index] = _with_preset(viewports[index], cell.preset, place[1])
    return replace(session, viewports=tuple(viewports))


def protocol_of(
    session: ComparisonSession, studies: Sequence[Study], series_of: Mapping[str, Series], *, code: str, title: str
) -> HangingProtocol:
    """Return a protocol that hangs studies like these as the session does: "use this layout for studies like this".

    ``studies`` are those hung, newest first; ``series_of`` is by Series Instance UID.
    """
    places = dict(zip((study_key_of(study) for study in studies), StudyPlace, strict=False))
    hung = [
        (place, series)
        if viewport.stack is not None
        and (series := series_of.get(viewport.stack.series_uid)) is not None
        and (place := places.get(viewport.study_key)) is not None
        else None
        for viewport in session.viewports
    ]
    cells = tuple(
        Cell(series=_NOTHING)
        if known is None
        else Cell(known[0], _selector(known, hung[:index], studies), _preset_of(session.viewports[index]))
        for index, known in enumerate(hung)
    )
    main = best_series(studies[0]) if studies else None
    conditions = Conditions(
        modality=main.modality if main is not None else "",
        body_part=main.body_part.upper() if main is not None else "",
        priors=len(places) - 1 if len(places) > 1 else 0,
    )
    stage = Stage(title, session.layout.rows, session.layout.columns, cells)
    return HangingProtocol(code, title, conditions, (stage,), is_own=True)


def _selector(
    shown: tuple[StudyPlace, Series], earlier: Sequence[tuple[StudyPlace, Series] | None], studies: Sequence[Study]
) -> SeriesSelector:
    """By its partner where the current study's stands in an earlier cell, else by what the series says of itself."""
    place, series = shown
    if place is not StudyPlace.CURRENT:
        pairs = {pair.prior.uid: pair.current.uid for pair in pair_series(studies[0], studies[place.number]).pairs}
        partner = pairs.get(series.uid)
        for index, other in enumerate(earlier):
            if other is not None and other[0] is StudyPlace.CURRENT and other[1].uid == partner:
                return SeriesSelector(partner_of=index)
    features = features_of(series)
    return SeriesSelector(
        modality=series.modality,
        plane="" if features is None or features.plane == "unknown" else features.plane,
        laterality=series.laterality.upper(),
        view=series.view_position.upper(),
        words=tuple(sorted(features.tokens)) if features is not None else (),
    )


def _preset_of(viewport: Viewport) -> str:
    presentation = viewport.presentation
    is_preset = presentation.window_origin is WindowOrigin.PRESET and presentation.window is not None
    return presentation.window.explanation if is_preset and presentation.window is not None else ""


def _series_for(cell: Cell, study: Study, filled: Sequence[Filled], used: set[str]) -> Series | None:
    if cell.series.partner_of is not None:
        partner = filled[cell.series.partner_of]
        if partner is None:
            return None
        pairs = pair_series(partner[0], study).pairs
        return next((pair.prior for pair in pairs if pair.current.uid == partner[1].uid), None)
    ranked = [
        (score, _is_overview(features), -(features.series.number or 0), features.series.uid, features.series)
        for series in study.series
        if series.uid not in used
        and (features := features_of(series)) is not None
        and (score := _score(cell.series, features)) is not None
    ]
    best = best_series(study)
    if not ranked:
        return None
    top = max(ranked, key=lambda row: (row[0], row[1], best is not None and row[4].uid == best.uid, row[2], row[3]))
    return top[4]


def _is_overview(found: SeriesFeatures) -> bool:
    """Of a breast the one picture hangs first; its tomosynthesis has stages of its own."""
    return found.series.modality == "MG" and len(found.stack.frames) == 1


def _score(asked: SeriesSelector, found: SeriesFeatures) -> float | None:
    """How well a series answers; ``None`` where it contradicts. A localiser answers only to its own words."""
    series = found.series
    contradicts = (
        asked.modality not in {"", series.modality},
        asked.plane not in {"", found.plane} and found.plane != "unknown",
        asked.laterality not in {"", series.laterality.upper()},
        bool(asked.slices) and (asked.slices == "one") != (len(found.stack.frames) == 1),
        bool(asked.view) and not _is_view(series.view_position.upper(), asked.view),
        found.is_localiser and not asked.words,
    )
    if any(contradicts):
        return None
    if not asked.words:
        return 1.0
    return len(set(asked.words) & found.tokens) / len(asked.words) or None


def _is_view(found: str, asked: str) -> bool:
    # Detectors write more than the code: "AP (ERECT)".
    if asked == "FRONTAL":
        return not _FRONTAL.isdisjoint(found.split())
    if asked == "LATERAL":
        return not _LATERAL.isdisjoint(found.split())
    return found == asked


def _with_preset(viewport: Viewport, code: str, series: Series) -> Viewport:
    stack = next((stack for stack in series.stacks if stack.key == viewport.stack), None)
    if stack is None:
        return viewport
    unit = stack.frames[min(viewport.view.frame_index, len(stack.frames) - 1)].values.unit
    preset = next((one for one in presets_for(series.modality, unit) if one.code == code), None)
    if preset is None:
        return viewport
    return replace(viewport, presentation=Presentation(preset.window, WindowOrigin.PRESET))
