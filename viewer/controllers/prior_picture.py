"""The prior's picture on another canvas: what it depends on, how it is made, and the words that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compare.linking.frame_graph import LinkBasis
from compare.linking.same_place import PlaceLink, ShiftTransform
from viewer.controllers.viewport_presenter import badge_of_place
from viewer.rendering.flicker import FlickerBasis, FlickerPicture, FlickerPlan, flicker_picture, plan_flicker
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest
from viewer.viewport.viewport_model import CanvasOwner, ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget


@dataclass(frozen=True, slots=True, eq=False)
class PriorWanted:
    """Everything that the prior's picture depends on."""

    widget: ViewportWidget
    current: ViewportModel
    prior: ViewportModel
    size: tuple[int, int]
    place: PlaceLink | None
    loaded: int

    def is_same(self, other: PriorWanted | None) -> bool:
        """Whether the picture of one would be the picture of the other."""
        return (
            other is not None
            and self.widget is other.widget
            and self.size == other.size
            and self.current.volume is other.current.volume
            and self.prior.volume is other.prior.volume
            and self.current.viewport.view == other.current.viewport.view
            and self.prior.viewport.view == other.prior.viewport.view
            and self.prior.viewport.presentation == other.prior.viewport.presentation
            and _is_same_place(self.place, other.place)
            and self.loaded == other.loaded
        )


@dataclass(frozen=True, slots=True, eq=False)
class PriorPicture:
    """A finished answer: ``picture`` is ``None`` where there is nothing of the prior to show."""

    wanted: PriorWanted
    plan: FlickerPlan
    picture: FlickerPicture | None


def _is_same_place(one: PlaceLink | None, other: PlaceLink | None) -> bool:
    """Transforms are told apart by identity, but for shifts, which are made anew each time."""
    if one is None or other is None:
        return one is other
    a, b = one.link.transform, other.link.transform
    is_same = a == b if isinstance(a, ShiftTransform) and isinstance(b, ShiftTransform) else a is b
    return is_same and one.link.basis is other.link.basis and one.offset_mm == other.offset_mm


def picture_of(wanted: PriorWanted, renderer: ReferenceRenderer) -> PriorPicture:
    """Make the picture; off the window's thread."""
    current, prior = wanted.current, wanted.prior
    if current.volume is None or prior.volume is None:
        raise ValueError("both sides need a volume")
    plan = plan_flicker(
        SliceRequest(current.volume, current.viewport.view, current.viewport.presentation, *wanted.size),
        SliceRequest(prior.volume, prior.viewport.view, prior.viewport.presentation, *wanted.size),
        None if wanted.place is None else wanted.place.link,
    )
    return PriorPicture(wanted, plan, flicker_picture(plan, renderer))


def captions_of(wanted: PriorWanted, plan: FlickerPlan) -> ViewportModel:
    """The prior's own words, with the place, the scale and the link of the picture that is shown."""
    prior, current = wanted.prior, wanted.current
    view = plan.request.view if plan.request is not None and plan.points is None else None
    if view is None:
        index = prior.viewport.view.frame_index if plan.nearest_index is None else plan.nearest_index
        view = replace(current.viewport.view, frame_index=index)
    is_between = plan.basis is FlickerBasis.RESAMPLED
    is_warped = wanted.place is not None and wanted.place.link.basis is LinkBasis.DEFORMABLE
    frame = current.frame
    return replace(
        prior,
        index=current.index,
        viewport=replace(prior.viewport, view=view),
        link=prior.link if wanted.place is None else badge_of_place(wanted.place),
        nearest_slice=plan.nearest_index + 1 if is_between and plan.nearest_index is not None else None,
        is_warped=is_warped,
        flicker=plan.basis,
        canvas_of=CanvasOwner(current.viewport.view, frame) if is_between and frame is not None else None,
        reference_lines=(),
        cine=None,
        is_active=current.is_active,
    )
