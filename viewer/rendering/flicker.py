"""The prior on the current's canvas: same place, same millimetres, made before it is asked for.

With a transform between the two examinations the prior is laid under the very pixels of the current. Where a slice of
it lies in the current's plane that is an ordinary picture of the slice; where the plane falls between slices, or is
turned or tilted against them, the prior is sampled point by point. Without a transform the prior keeps the place its
own linked viewport gives it, and only the scale is made equal. No transform is never taken for identity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import LinkBasis, SpaceLink
from compare.linking.stack_places import places_of
from compare.viewing.canvas import CanvasTransform
from compare.viewing.view_state import ViewState
from viewer.rendering.plane_sampling import CanvasPoints, sample_canvas
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest

#: A picture of one slice stands for the mapped plane while no point of it is off by more than this.
_WITHIN_CANVAS_PIXELS = 0.5
#: ... and while it is nowhere further off the mapped plane than this share of the prior's slice spacing.
_WITHIN_SPACING = 0.1
#: ... or than this share where the prior is no regular grid and cannot be interpolated: its nearest slice.
_NEAREST_WITHIN_SPACING = 1.0


class FlickerBasis(StrEnum):
    """How the prior was put under the current. Stable words, translated for the badge."""

    SLICE = "slice"  # one slice of the prior, through a transform
    RESAMPLED = "resampled"  # sampled between slices or turned, through a transform
    OWN_PLACE = "own_place"  # no transform: where its own viewport shows it, at the current's scale
    OWN_SCALE = "own_scale"  # no transform and no comparable millimetres: as its own viewport shows it
    OUTSIDE = "outside"  # the prior does not reach this place: nothing to show


@dataclass(frozen=True, slots=True, eq=False)
class FlickerPlan:
    """What to draw instead of the current: a request for any renderer, or points to sample, or neither.

    ``request`` is also there for a resampled plan where the nearest slice would do while others are not in memory.
    ``nearest_index`` is the prior's slice nearest to the current's place, ``off_plane_mm`` its distance from there.
    """

    basis: FlickerBasis
    request: SliceRequest | None = None
    points: CanvasPoints | None = None
    nearest_index: int | None = None
    off_plane_mm: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FlickerPicture:
    """The prior's pixels on the current's canvas, and what was drawn in the end."""

    plan: FlickerPlan
    pixels: NDArray[np.uint8]


def plan_flicker(current: SliceRequest, prior: SliceRequest, link: SpaceLink | None) -> FlickerPlan:
    """Return how to show ``prior`` on ``current``'s canvas.

    ``link`` maps the current's space to the prior's and has a named basis that says where points lie; ``None``, or a
    relative one, leaves the prior where its own viewport shows it.
    """
    frame = current.volume.frame(current.view.frame_index)
    if link is None or link.basis is LinkBasis.RELATIVE or frame.plane is None:
        return _at_own_place(current, prior)
    canvas = CanvasTransform.of(current.view, frame, current.width, current.height)
    xy = _grid(current.width, current.height)
    mapped = link.transform.map_points(np.stack([_lps(canvas, x, y) for x, y in xy]))
    middle = mapped[len(mapped) // 2]
    index = _nearest_slice(prior, middle)
    if index is None:
        return _at_own_place(current, prior)
    if _is_outside(prior, middle):
        return FlickerPlan(FlickerBasis.OUTSIDE, nearest_index=index)
    return _through(current, replace(prior, view=replace(prior.view, frame_index=index)), canvas, link, (xy, mapped))


def _through(
    current: SliceRequest,
    prior: SliceRequest,
    canvas: CanvasTransform,
    link: SpaceLink,
    grid: tuple[list[tuple[float, float]], NDArray[np.float64]],
) -> FlickerPlan:
    """The prior's nearest slice where it lies in the current's plane, else samples between its slices."""
    xy, mapped = grid
    index, spacing_mm = prior.view.frame_index, _spacing_mm(prior)
    nearest = _slice_request(current, prior, mapped, xy)
    if nearest is not None and nearest.farthest_mm <= _WITHIN_SPACING * spacing_mm:
        return FlickerPlan(FlickerBasis.SLICE, nearest.request, None, index, nearest.off_plane_mm)
    is_near = nearest is not None and nearest.farthest_mm <= _NEAREST_WITHIN_SPACING * spacing_mm
    request = nearest.request if nearest is not None and is_near else None
    off_plane_mm = nearest.off_plane_mm if nearest is not None else None
    if prior.volume.stack.geometry is not None and prior.volume.stored is not None:
        points = CanvasPoints(current, canvas, prior, link.transform)
        return FlickerPlan(FlickerBasis.RESAMPLED, request, points, index, off_plane_mm)
    if request is not None:
        return FlickerPlan(FlickerBasis.SLICE, request, None, index, off_plane_mm)
    return _at_own_place(current, prior)


def flicker_picture(plan: FlickerPlan, renderer: SliceRenderer) -> FlickerPicture | None:
    """Draw the plan, on the current's canvas; ``None`` while frames are missing or where there is nothing to show.

    Takes a tenth of a second and more when the prior is resampled: make it before the key is pressed, off the
    window's thread.
    """
    if plan.points is not None:
        pixels = sample_canvas(plan.points)
        if pixels is not None:
            return FlickerPicture(plan, pixels)
    if plan.request is None:
        return None
    pixels = renderer.render(plan.request)
    if pixels is None:
        return None
    if plan.points is not None:
        plan = replace(plan, basis=FlickerBasis.SLICE, points=None)
    return FlickerPicture(plan, pixels)


def _at_own_place(current: SliceRequest, prior: SliceRequest) -> FlickerPlan:
    here = current.volume.frame(current.view.frame_index).spacing
    there = prior.volume.frame(prior.view.frame_index).spacing
    request = replace(prior, width=current.width, height=current.height)
    if not (here.is_comparable and there.is_comparable):
        return FlickerPlan(FlickerBasis.OWN_SCALE, request=request)
    view = replace(prior.view, mm_per_pixel=current.view.mm_per_pixel)
    return FlickerPlan(FlickerBasis.OWN_PLACE, request=replace(request, view=view))


def _grid(width: int, height: int) -> list[tuple[float, float]]:
    """Nine canvas points: corners, middles of the edges, and the middle, which is the fifth."""
    return [(x, y) for y in (0.0, height / 2.0, float(height)) for x in (0.0, width / 2.0, float(width))]


def _lps(canvas: CanvasTransform, x: float, y: float) -> NDArray[np.float64]:
    point = canvas.canvas_to_lps(x, y)
    if point is None:
        raise ValueError("a frame without a plane has no place in the patient")
    return point


def _nearest_slice(prior: SliceRequest, lps_mm: NDArray[np.float64]) -> int | None:
    places = places_of(prior.volume.stack)
    if places is None:
        return None
    return places.nearest(float(lps_mm @ np.asarray(places.normal_lps)), prior.view.frame_index)[0]


def _is_outside(prior: SliceRequest, lps_mm: NDArray[np.float64]) -> bool:
    places = places_of(prior.volume.stack)
    if places is None:
        return False
    position_mm = float(lps_mm @ np.asarray(places.normal_lps))
    return not places.low_mm - places.reach_mm <= position_mm <= places.high_mm + places.reach_mm


def _spacing_mm(prior: SliceRequest) -> float:
    places = places_of(prior.volume.stack)
    if places is None or len(places.positions_mm) < 2:
        return 1.0
    steps = np.abs(np.diff(places.positions_mm))
    return float(np.median(steps)) or 1.0


@dataclass(frozen=True, slots=True)
class _Nearest:
    """One slice of the prior under the current's canvas; distances from the current's plane in mm."""

    request: SliceRequest
    off_plane_mm: float
    farthest_mm: float


def _slice_request(
    current: SliceRequest, prior: SliceRequest, mapped: NDArray[np.float64], xy: list[tuple[float, float]]
) -> _Nearest | None:
    """The prior's slice with the turn that brings every mapped point back under its canvas pixel.

    ``None`` when no quarter turn does, or the slice has no place.
    """
    frame = prior.volume.frame(prior.view.frame_index)
    if frame.plane is None:
        return None
    right_mm, down_mm, off_plane_mm = frame.plane.in_plane_mm(mapped[len(mapped) // 2])
    for turns, flipped in product(range(4), (False, True)):
        view = ViewState(
            frame_index=prior.view.frame_index,
            centre_mm=(right_mm, down_mm),
            mm_per_pixel=current.view.mm_per_pixel,
            quarter_turns=turns,
            flipped=flipped,
            is_fitted=False,
        )
        canvas = CanvasTransform.of(view, frame, current.width, current.height)
        back = np.array([canvas.lps_to_canvas(point) for point in mapped], dtype=np.float64)
        if np.max(np.hypot(*(back[:, :2] - np.asarray(xy)).T)) <= _WITHIN_CANVAS_PIXELS:
            request = SliceRequest(prior.volume, view, prior.presentation, current.width, current.height)
            return _Nearest(request, abs(off_plane_mm), float(np.max(np.abs(back[:, 2]))))
    return None
