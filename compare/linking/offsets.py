"""Manual offsets: two slices the reader declared to match, and what follows for other stacks in the same spaces."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from compare.linking.frame_graph import Space, space_of
from compare.linking.stack_places import Stacks, are_alike, dot, places_of
from compare.session.comparison_session import ManualOffset
from loaders.model.frame_plane import Vector3
from loaders.model.stack import Stack

_Edge = tuple[Space, Space, float, Vector3]


def measured_offset_mm(first: Stack, first_index: int, second: Stack, second_index: int) -> float | None:
    """Return the offset that makes two slices match, or ``None`` where they have no place or are not parallel.

    Both positions are measured along the *first* stack's normal, whichever way the second one's points.
    """
    here, there = places_of(first), places_of(second)
    if here is None or there is None or not are_alike(here.normal_lps, there.normal_lps):
        return None
    sign = 1.0 if dot(here.normal_lps, there.normal_lps) > 0 else -1.0
    return sign * float(there.positions_mm[second_index]) - float(here.positions_mm[first_index])


def offset_position_mm(
    source: Stack, source_position_mm: float, target: Stack, offsets: Sequence[ManualOffset], stacks: Stacks
) -> tuple[float, float] | None:
    """Return the wanted position along the target's normal and the offset used, or ``None`` where no offset applies.

    An offset holds for every stack that shares a space and a direction with the one it was set on, and offsets chain:
    current to last year's and last year's to the year before make one of current to the year before.
    """
    here, there = places_of(source), places_of(target)
    if here is None or there is None or not are_alike(here.normal_lps, there.normal_lps):
        return None
    along = here.normal_lps
    offset_mm = _direct(source, target, along, offsets, stacks)
    if offset_mm is None:
        offset_mm = _chained(space_of(source), space_of(target), along, list(_edges(offsets, stacks)))
    if offset_mm is None:
        return None
    sign = 1.0 if dot(along, there.normal_lps) > 0 else -1.0
    return sign * (source_position_mm + offset_mm), offset_mm


def _direct(
    source: Stack, target: Stack, along: Vector3, offsets: Sequence[ManualOffset], stacks: Stacks
) -> float | None:
    """The offset set on these very two stacks: the only one that may hold within a single frame of reference."""
    for offset in reversed(offsets):
        first = stacks.get(offset.first)
        places = None if first is None else places_of(first)
        if places is None or {offset.first, offset.second} != {source.key, target.key}:
            continue
        signed_mm = offset.offset_mm if dot(along, places.normal_lps) > 0 else -offset.offset_mm
        return signed_mm if offset.first == source.key else -signed_mm
    return None


def _edges(offsets: Sequence[ManualOffset], stacks: Stacks) -> Iterator[_Edge]:
    # The latest offset of the same two spaces is the one that holds.
    for offset in reversed(offsets):
        first, second = stacks.get(offset.first), stacks.get(offset.second)
        places = None if first is None else places_of(first)
        if first is not None and second is not None and places is not None and space_of(first) != space_of(second):
            yield space_of(first), space_of(second), offset.offset_mm, places.normal_lps


def _chained(source: Space, target: Space, along: Vector3, edges: Sequence[_Edge]) -> float | None:
    if source == target:
        return None
    reached = {source: 0.0}
    queue = deque([source])
    while queue:
        here = queue.popleft()
        for first, second, offset_mm, normal in edges:
            if not are_alike(along, normal):
                continue
            signed_mm = offset_mm if dot(along, normal) > 0 else -offset_mm
            for near, far, step_mm in ((first, second, signed_mm), (second, first, -signed_mm)):
                if near == here and far not in reached:
                    reached[far] = reached[here] + step_mm
                    queue.append(far)
    return reached.get(target)
