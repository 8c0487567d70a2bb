"""Part the frames of one series into stacks that belong in one scroll each.

First by what can never share a scroll: object class, matrix, pixel type, frame of reference, spacing, localiser or
not, orientation. Then, where a position still repeats, by the attribute that varies there: whichever it is.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loaders.discovery.frame_building import is_cross_sectional
from loaders.discovery.frame_discriminators import RANK, TEMPORAL
from loaders.discovery.geometry_checks import check_geometry, plane_name
from loaders.discovery.slice_ordering import frame_name, ordered, position_groups, positions_along_normal_mm
from loaders.model.frame import Frame
from loaders.model.stack import Stack, StackKey, StackKind, StackWarning, StackWarningCode

#: Directions that differ by less are parallel: 0.1 degree moves the edge of a 500 mm field by 0.4 mm.
_PARALLEL = 0.0018
_SAME_SPACING = 1e-3
#: More orientations than this with hardly a frame each are one rotation or fan, not as many stacks.
_FAN_ORIENTATIONS = 6
_LOCALIZERS = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM"})

SplitBy = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Frames of one future stack. ``key`` names what can never share a scroll, ``split_by`` what varied."""

    key: tuple[Hashable, ...]
    frames: tuple[Frame, ...]
    split_by: SplitBy = ()
    is_localizer: bool = False
    is_fan: bool = False
    is_cine: bool = False


def group_series(frames: Iterable[Frame], study_uid: str, series_uid: str, salt: str = "") -> tuple[Stack, ...]:
    """Return the stacks of one series, the same for any order of the frames.

    ``salt`` parts the stack identifiers of two patients' series that share all UIDs.
    """
    canonical = sorted(frames, key=frame_name)
    parts = [
        split
        for solid in _by_hard_key(canonical)
        for oriented in _by_orientation(solid)
        for split in _by_repeating_attributes(oriented)
    ]
    parts.sort(key=_display_order)
    mixed = _mixture_warnings(parts)
    used: Counter[str] = Counter()
    stacks = []
    for part in parts:
        name = hashlib.sha256(repr((salt, part.key, part.split_by)).encode()).hexdigest()[:10]
        used[name] += 1
        stack_id = name if used[name] == 1 else f"{name}-{used[name]}"
        stacks.append(_stack(part, StackKey(study_uid, series_uid, stack_id), mixed))
    return tuple(stacks)


def _stack(part: _Part, key: StackKey, mixed: tuple[StackWarning, ...]) -> Stack:
    frames = part.frames if part.is_fan else ordered(part.frames)
    warnings = list(mixed)
    if part.is_fan:
        frames = tuple(sorted(frames, key=lambda f: (f.instance_number or 0, frame_name(f))))
        kind, geometry = StackKind.STACK, None
        warnings = [StackWarning(StackWarningCode.MIXED_ORIENTATION)]
    else:
        findings = check_geometry(frames)
        kind, geometry = findings.kind, findings.geometry
        # Frames of a cine share their place by nature.
        expected = {StackWarningCode.DUPLICATE_POSITIONS} if part.is_cine else set()
        warnings += [warning for warning in findings.warnings if warning.code not in expected]
    if frames[0].plane is None and is_cross_sectional(frames[0].sop_class_uid):
        warnings.append(StackWarning(StackWarningCode.MISSING_GEOMETRY))
    return Stack(
        key=key,
        kind=kind,
        frames=frames,
        geometry=geometry,
        warnings=tuple(warnings),
        split_by=part.split_by,
        orientation="unknown" if part.is_fan else plane_name(frames[0].plane),
    )


def _display_order(part: _Part) -> tuple[Hashable, ...]:
    """Pictures in the patient before others, localisers last, values of what parts them rising."""
    values = tuple(_natural(value) for _, value in part.split_by)
    number = min((frame.instance_number or 0 for frame in part.frames), default=0)
    return part.is_localizer, part.frames[0].plane is None, len(values), values, number, frame_name(part.frames[0])


def _natural(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def _mixture_warnings(parts: Sequence[_Part]) -> tuple[StackWarning, ...]:
    main = [part for part in parts if not part.is_localizer]
    matrices = {(part.frames[0].format.rows, part.frames[0].format.columns) for part in main}
    orientations = {part.key[-1] for part in main if part.frames[0].plane is not None}
    found = []
    if len(orientations) > 1 and any(part.key[-1] != main[0].key[-1] for part in main):
        found.append(StackWarning(StackWarningCode.MIXED_ORIENTATION))
    if len(matrices) > 1:
        found.append(StackWarning(StackWarningCode.MIXED_MATRIX))
    return tuple(found)


def _by_hard_key(frames: Sequence[Frame]) -> list[_Part]:
    frames_per_file = Counter((frame.sop_instance_uid, frame.location.file) for frame in frames)
    spacings = _spacing_classes(frames)
    groups: dict[tuple[Hashable, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        plane = frame.plane
        is_localizer = not _LOCALIZERS.isdisjoint(kind.upper() for kind in frame.badges.image_type)
        if plane is not None:
            place: Hashable = plane.frame_of_reference_uid
        elif frames_per_file[frame.sop_instance_uid, frame.location.file] > 1:
            place = ("cine", frame.sop_instance_uid)
        else:
            names = {"view_position", "laterality"}
            place = ("view", tuple(pair for pair in frame.discriminators if pair[0] in names))
        layout = frame.format
        key = (
            frame.sop_class_uid, layout.rows, layout.columns, str(layout.decoded_dtype), layout.is_colour,
            spacings[frame.spacing.row_mm, frame.spacing.column_mm], frame.spacing.basis.value,
            is_localizer, plane is not None, place,
        )  # fmt: skip
        groups[key].append(frame)
    return [_Part(key, tuple(members), is_localizer=bool(key[7])) for key, members in groups.items()]


def _spacing_classes(frames: Sequence[Frame]) -> dict[tuple[float, float], tuple[float, float]]:
    """Map each in-plane spacing to one that stands for all within 0.1 % of it."""
    classes: dict[tuple[float, float], tuple[float, float]] = {}
    for pair in sorted({(frame.spacing.row_mm, frame.spacing.column_mm) for frame in frames}):
        for known in set(classes.values()):
            if all(abs(a - b) <= _SAME_SPACING * b for a, b in zip(pair, known, strict=True)):
                classes[pair] = known
                break
        else:
            classes[pair] = pair
    return classes


def _by_orientation(part: _Part) -> list[_Part]:
    if part.frames[0].plane is None:
        return [replace(part, key=(*part.key, None))]
    representatives: list[tuple[float, ...]] = []
    members: list[list[Frame]] = []
    known: dict[tuple[float, ...], int] = {}
    for frame in part.frames:
        plane = frame.plane
        if plane is None:
            continue
        directions = plane.column_step_lps + plane.row_step_lps
        index = known.get(directions)
        if index is None:
            index = _parallel_to(directions, representatives)
            if index == len(representatives):
                representatives.append(directions)
                members.append([])
            known[directions] = index
        members[index].append(frame)
    if len(members) > _FAN_ORIENTATIONS and len(part.frames) < 2 * len(members):
        return [replace(part, key=(*part.key, "fan"), is_fan=True)]
    return [
        replace(part, key=(*part.key, tuple(round(value, 2) + 0.0 for value in directions)), frames=tuple(frames))
        for directions, frames in zip(representatives, members, strict=True)
    ]


def _parallel_to(directions: tuple[float, ...], representatives: Sequence[tuple[float, ...]]) -> int:
    for index, other in enumerate(representatives):
        if all(abs(a - b) <= _PARALLEL for a, b in zip(directions, other, strict=True)):
            return index
    return len(representatives)


def _by_repeating_attributes(part: _Part) -> list[_Part]:
    """Split on the attributes that vary while a position repeats, until none repeats or none explains it."""
    if part.frames[0].plane is None or part.is_fan or len(part.frames) < 2:
        return [part]
    positions = position_groups(positions_along_normal_mm(part.frames)).tolist()
    most = max(Counter(positions).values())
    if most == 1:
        return [part]
    values = _attribute_values(part.frames)
    is_one_place = len(set(positions)) == 1
    candidates = [
        name
        for name, column in values.items()
        if name not in dict(part.split_by)
        and not (is_one_place and (name in TEMPORAL or name.startswith("dimension_")))
        and _explains(column, positions, most)
    ]
    if not candidates:
        if is_one_place:
            return [replace(part, is_cine=not TEMPORAL.isdisjoint(values))]
        return _by_repetition(part, positions, values)
    chosen = min(candidates, key=lambda name: (RANK.get(name, len(RANK)), name))
    groups: dict[str, list[Frame]] = defaultdict(list)
    for frame, value in zip(part.frames, values[chosen], strict=True):
        groups[value].append(frame)
    return [
        split
        for value in sorted(groups, key=_natural)
        for split in _by_repeating_attributes(
            replace(part, frames=tuple(groups[value]), split_by=(*part.split_by, (chosen, value))),
        )
    ]


def _by_repetition(part: _Part, positions: Sequence[int], values: dict[str, list[str]]) -> list[_Part]:
    """Deal out a series that was run through several times with nothing but a clock to tell the runs apart.

    Every position must have been taken equally often, at times that differ, or at least under instance numbers that
    differ. The n-th in time at each position makes the n-th run. A copy of a slice here and there is no run: it
    stays, and is said.
    """
    counts = Counter(positions)
    clocks = [name for name in sorted(TEMPORAL, key=lambda name: RANK.get(name, len(RANK))) if name in values]
    if len(set(counts.values())) != 1:
        return [part]
    numbers = [str(frame.instance_number or 0) for frame in part.frames]
    for column in (*(values[clock] for clock in clocks), numbers):
        at_place: dict[int, list[tuple[tuple[int, float, str], Frame]]] = defaultdict(list)
        for frame, place, value in zip(part.frames, positions, column, strict=True):
            at_place[place].append((_natural(value), frame))
        if all(len({time for time, _ in taken}) == len(taken) for taken in at_place.values()):
            runs: dict[int, list[Frame]] = defaultdict(list)
            for taken in at_place.values():
                for number, (_, frame) in enumerate(sorted(taken, key=lambda pair: pair[0]), start=1):
                    runs[number].append(frame)
            return [
                replace(part, frames=tuple(frames), split_by=(*part.split_by, ("repetition", str(number))))
                for number, frames in sorted(runs.items())
            ]
    return [part]


def _attribute_values(frames: Sequence[Frame]) -> dict[str, list[str]]:
    """Return for each attribute its value in every frame, empty where absent; in-plane shifts count as one."""
    tables = [dict(frame.discriminators) for frame in frames]
    names = sorted({name for table in tables for name in table})
    columns = {name: [table.get(name, "") for table in tables] for name in names}
    columns["in_plane_origin_mm"] = _in_plane_origins(frames)
    return {name: column for name, column in columns.items() if len(set(column)) > 1}


def _in_plane_origins(frames: Sequence[Frame]) -> list[str]:
    plane = frames[0].plane
    if plane is None:
        return [""] * len(frames)
    points = [plane.in_plane_mm(np.asarray(frame.plane.origin_lps_mm)) for frame in frames if frame.plane]
    return [f"{round(right)},{round(down)}" for right, down, _ in points]


def _explains(column: Sequence[str], positions: Sequence[int], most: int) -> bool:
    """Whether an attribute parts a series cleanly.

    It must vary at a repeating position, lessen the repeats, have about as many values as the most crowded position
    has frames (a clock has a value for every frame), and have a value that spans half the positions.
    """
    per_value: dict[str, set[int]] = defaultdict(set)
    for value, position in zip(column, positions, strict=True):
        per_value[value].add(position)
    places = len(set(positions))
    repeats = len(positions) - places
    remaining = len(positions) - sum(len(seen) for seen in per_value.values())
    return (
        remaining < repeats
        and len(per_value) <= 2 * most
        and max(len(seen) for seen in per_value.values()) * 2 >= places
    )
