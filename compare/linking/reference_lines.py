"""Where the plane of one viewport cuts the picture of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import ANATOMICAL, FrameGraph, SpaceLink, space_of
from compare.linking.in_plane import frame_of
from compare.linking.stack_places import Stacks, are_parallel
from compare.session.comparison_session import ComparisonSession, Viewport
from compare.viewing.canvas import Point
from loaders.model.frame import Frame

_OFF_EDGE_PIXELS = 0.5


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A segment on the picture of viewport ``index``, in its in-plane mm."""

    index: int
    start_mm: Point
    end_mm: Point


def reference_lines(
    session: ComparisonSession, active_index: int, stacks: Stacks, graph: FrameGraph
) -> tuple[ReferenceLine, ...]:
    """Return the line of the active viewport's frame on every other picture that it crosses.

    A line is drawn only through a transform that says where anatomy lies, only between planes that are not nearly
    parallel, and only as far as both frames reach.
    """
    source = session.viewports[active_index]
    lines = []
    for index, target in enumerate(session.viewports):
        line = None if index == active_index else _line_on(source, target, stacks, graph)
        if line is not None:
            lines.append(ReferenceLine(index, *line))
    return tuple(lines)


def _line_on(source: Viewport, target: Viewport, stacks: Stacks, graph: FrameGraph) -> tuple[Point, Point] | None:
    here, there = frame_of(source, stacks), frame_of(target, stacks)
    if here is None or there is None or source.stack is None or target.stack is None:
        return None
    link = graph.between(
        space_of(stacks[source.stack], source.study_key), space_of(stacks[target.stack], target.study_key), ANATOMICAL
    )
    return None if link is None else crossing_mm(here, there, link)


def crossing_mm(cutting: Frame, shown: Frame, link: SpaceLink) -> tuple[Point, Point] | None:
    """Return the segment, in in-plane mm of ``shown``, in which the rectangle of ``cutting`` cuts that of ``shown``."""
    if cutting.plane is None or shown.plane is None:
        return None
    corners = _corners_lps(cutting)
    if corners is None:
        return None
    corners = link.transform.map_points(corners)
    right, down, off = _in_plane(shown, corners)
    # A deformed rectangle is taken as flat: its corners' mean normal.
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    length = float(np.linalg.norm(normal))
    shown_normal = shown.plane.normal_lps
    if length == 0.0 or are_parallel(_vector(normal / length), shown_normal):
        return None
    cuts: list[Point] = []
    for a in range(4):
        b = (a + 1) % 4
        if (off[a] > 0.0) != (off[b] > 0.0):
            share = off[a] / (off[a] - off[b])
            cuts.append((float(right[a] + share * (right[b] - right[a])), float(down[a] + share * (down[b] - down[a]))))
    return _clipped(cuts[0], cuts[1], shown) if len(cuts) == 2 else None


def _vector(array: NDArray[np.float64]) -> tuple[float, float, float]:
    return (float(array[0]), float(array[1]), float(array[2]))


def _edges_mm(frame: Frame) -> tuple[float, float, float, float]:
    """Left, right, top, bottom edges of a frame in in-plane mm, at the outer sides of the outer pixels."""
    column_mm, row_mm = frame.spacing.column_mm, frame.spacing.row_mm
    return (
        -_OFF_EDGE_PIXELS * column_mm,
        (frame.format.columns - _OFF_EDGE_PIXELS) * column_mm,
        -_OFF_EDGE_PIXELS * row_mm,
        (frame.format.rows - _OFF_EDGE_PIXELS) * row_mm,
    )


def _corners_lps(frame: Frame) -> NDArray[np.float64] | None:
    if frame.plane is None:
        return None
    left, right, top, bottom = _edges_mm(frame)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([frame.plane.lps_of(*corner) for corner in corners])


def _in_plane(
    frame: Frame, points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    if frame.plane is None:
        raise ValueError("a frame without a plane has no in-plane coordinates")
    offset = points - np.asarray(frame.plane.origin_lps_mm)
    return (
        offset @ np.asarray(frame.plane.column_step_lps),
        offset @ np.asarray(frame.plane.row_step_lps),
        offset @ np.asarray(frame.plane.normal_lps),
    )


def _clipped(start: Point, end: Point, frame: Frame) -> tuple[Point, Point] | None:
    """Clip a segment to the frame's rectangle (Liang and Barsky's parametric clipping)."""
    left, right, top, bottom = _edges_mm(frame)
    dx, dy = end[0] - start[0], end[1] - start[1]
    enter, leave = 0.0, 1.0
    for step, room in (
        (-dx, start[0] - left), (dx, right - start[0]), (-dy, start[1] - top), (dy, bottom - start[1]),
    ):  # fmt: skip
        if step == 0.0:
            if room < 0.0:
                return None
        elif step < 0.0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    if enter >= leave:
        return None
    return (
        (start[0] + enter * dx, start[1] + enter * dy),
        (start[0] + leave * dx, start[1] + leave * dy),
    )
