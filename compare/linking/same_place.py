"""The transform under which one view's picture may be laid over another's, and which two views that concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import ANATOMICAL, FrameGraph, LinkBasis, SpaceLink, space_of
from compare.linking.in_plane import frame_of
from compare.linking.offsets import offset_position_mm
from compare.linking.scroll import coverage_meets
from compare.linking.stack_places import StackPlaces, Stacks, are_alike, places_of
from compare.session.comparison_session import ComparisonSession, ManualOffset, Role, Viewport
from loaders.model.stack import Stack

_TABLE = frozenset({LinkBasis.TABLE_POSITION})


@dataclass(frozen=True, slots=True)
class ShiftTransform:
    """A shift in LPS mm and nothing else: what two slices declared to match, side by side, say of the whole."""

    shift_lps_mm: tuple[float, float, float]

    def map_points(self, lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shift points, shape (n, 3)."""
        shifted: NDArray[np.float64] = lps_mm + np.asarray(self.shift_lps_mm)
        return shifted

    def inverse(self) -> ShiftTransform:
        """Return the shift that leads back."""
        x, y, z = self.shift_lps_mm
        return ShiftTransform((-x, -y, -z))


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """A transform with the basis to name, and the reader's offset along the source's normal where it rests on that."""

    link: SpaceLink
    offset_mm: float | None = None


def place_link(
    source: Viewport, target: Viewport, offsets: Sequence[ManualOffset], stacks: Stacks, graph: FrameGraph
) -> PlaceLink | None:
    """Return the transform from the space of ``source`` to that of ``target``, or ``None`` where none has a basis.

    In the order of linked scroll: the reader's own offset, a transform of the frame graph, the table position of one
    scanner. Under an offset set by hand the two examinations lie *within* the slices as the two views lie now: the
    middle of one on the middle of the other. A relative link says nothing of places and gives none.
    """
    here, there = _stack(source, stacks), _stack(target, stacks)
    if here is None or there is None:
        return None
    here_places, there_places = places_of(here), places_of(there)
    if here_places is not None and there_places is not None:
        by_hand = _by_hand(source, target, (here_places, there_places), offsets, stacks)
        if by_hand is not None:
            return by_hand
    spaces = space_of(here, source.study_key), space_of(there, target.study_key)
    link = graph.between(*spaces, ANATOMICAL)
    if link is None and here_places is not None and there_places is not None:
        table = graph.between(*spaces, _TABLE)
        link = table if table is not None and coverage_meets(table, here_places, there_places) else None
    return None if link is None else PlaceLink(link)


def flicker_pair(session: ComparisonSession, stacks: Stacks) -> tuple[int, int] | None:
    """Return (the viewport to show in, the one whose examination is shown there), or ``None`` without such a pair.

    The picture changes in the current's viewport: the active one, or the first current one while a prior is active.
    The other is a prior (else any other examination, else another stack), of the same kind of plane where there is one.
    """
    hung = [index for index, viewport in enumerate(session.viewports) if _stack(viewport, stacks) is not None]
    shown = [index for index in hung if session.viewports[index].role is not Role.PRIOR]
    if len(hung) < 2 or not shown:
        return None
    here = session.active if session.active in shown else shown[0]
    others = [index for index in hung if index != here]
    return here, min(others, key=lambda index: (*_rank(session, here, index, stacks), index))


def _rank(session: ComparisonSession, here: int, other: int, stacks: Stacks) -> tuple[bool, bool, bool]:
    one, two = session.viewports[here], session.viewports[other]
    frame, candidate = frame_of(one, stacks), frame_of(two, stacks)
    is_alike = (
        frame is not None
        and candidate is not None
        and frame.plane is not None
        and candidate.plane is not None
        and are_alike(frame.plane.normal_lps, candidate.plane.normal_lps)
    )
    return two.study_key == one.study_key, two.role is not Role.PRIOR, not is_alike


def _stack(viewport: Viewport, stacks: Stacks) -> Stack | None:
    stack = None if viewport.stack is None else stacks.get(viewport.stack)
    return stack if stack is not None and 0 <= viewport.view.frame_index < len(stack.frames) else None


def _by_hand(
    source: Viewport,
    target: Viewport,
    places: tuple[StackPlaces, StackPlaces],
    offsets: Sequence[ManualOffset],
    stacks: Stacks,
) -> PlaceLink | None:
    here, there = _stack(source, stacks), _stack(target, stacks)
    if here is None or there is None:
        return None
    position_mm = float(places[0].positions_mm[source.view.frame_index])
    found = offset_position_mm(here, position_mm, there, offsets, stacks)
    plane, other = here.frames[source.view.frame_index].plane, there.frames[target.view.frame_index].plane
    if found is None or plane is None or other is None:
        return None
    wanted_mm, offset_mm = found
    normal = np.asarray(places[1].normal_lps)
    middle = other.lps_of(*target.view.centre_mm)
    # The middle of the target's view, moved along its normal into the plane that was declared to match.
    middle = middle + (wanted_mm - float(middle @ normal)) * normal
    x, y, z = (middle - plane.lps_of(*source.view.centre_mm)).tolist()
    link = SpaceLink(LinkBasis.MANUAL_OFFSET, ShiftTransform((x, y, z)), None)
    return PlaceLink(link, offset_mm)
