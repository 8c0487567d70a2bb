"""Everything that one paint of a viewport needs, as a frozen value without a word of any language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from compare.session.comparison_session import Role, Viewport
from compare.session.measurement import Measurement
from compare.viewing.view_state import ViewState
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Study
from loaders.model.volume import Volume
from viewer.rendering.flicker import FlickerBasis

Point = tuple[float, float]


class LinkKind(StrEnum):
    """How, or why not, a viewport follows the others."""

    SAME_FRAME = "same_frame"
    RIGID = "rigid"
    DEFORMED = "deformed"
    BY_HAND = "by_hand"
    TABLE_POSITION = "table_position"
    RELATIVE = "relative"
    NOT_YET = "not_yet"
    NOT_RELIABLE = "not_reliable"
    SWITCHED_OFF = "switched_off"
    NOTHING_TO_LINK = "nothing_to_link"


@dataclass(frozen=True, slots=True)
class LinkBadge:
    """The link of one viewport: how good it is here (``error_mm``), moved by hand (``offset_mm``), under way."""

    kind: LinkKind
    error_mm: float | None = None
    offset_mm: float | None = None
    percent_done: int | None = None
    #: Why an alignment was refused, as a stable code.
    reason: str = ""
    #: Whether a viewport without a reliable alignment still scrolls along, by slice numbers.
    is_followed: bool = False

    @property
    def is_linked(self) -> bool:
        """Whether the viewport follows the others at all."""
        return self.kind not in _NOT_LINKED


_NOT_LINKED = frozenset(
    {LinkKind.NOT_YET, LinkKind.NOT_RELIABLE, LinkKind.SWITCHED_OFF, LinkKind.NOTHING_TO_LINK},
)


class IdentityMark(StrEnum):
    """What must stay said about whose pictures stand side by side."""

    NOT_CONFIRMED = "not_confirmed"  # amber: unproven, and the reader has not answered yet
    MATCHED_BY_DEMOGRAPHICS = "matched_by_demographics"  # amber: confirmed by name, birth date and sex
    CONFLICT_OVERRIDDEN = "conflict_overridden"  # red: opened against a conflict, with a typed reason


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """Where another viewport's slice crosses this one, in in-plane mm of the shown frame."""

    start_mm: Point
    end_mm: Point
    role: Role = Role.UNKNOWN


@dataclass(frozen=True, slots=True)
class CanvasOwner:
    """Whose view a picture was resampled onto: its letters and scale are those of that frame."""

    view: ViewState
    frame: Frame


@dataclass(frozen=True, slots=True)
class CineNote:
    """A stack that plays: the rate wanted, whether it is the default, and the rate reached where it falls behind."""

    frames_per_second: float
    is_default: bool
    reached_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class ViewportModel:
    """One viewport, ready to be painted. ``index`` is its cell in the layout.

    ``newest_date`` is the date of the newest study hung, for the interval. ``window`` is the window in force as the
    renderer resolved it, ``None`` where there is none (colour, or a VOI table named by ``voi_explanation``).
    ``is_alone`` says that one study only is on screen, so that there is no CURRENT and no PRIOR.
    ``identity_words`` are the mark's own, already translated: the fields that match, or the typed reason.
    ``nearest_slice`` (from 1) is set where the picture lies between two slices. ``is_scale_comparable`` is ``False``
    where zoom is linked relatively only. ``offline_hours`` is the age of a cached copy. ``blocked_reason`` is a
    sentence, already translated by its maker, of why the stack as a whole cannot be shown. ``flicker`` is set where
    the picture stands on another examination's canvas, ``canvas_of`` where it was resampled onto it.
    """

    index: int = 0
    viewport: Viewport = Viewport()
    volume: Volume | None = None
    study: Study | None = None
    series: Series | None = None
    stack: Stack | None = None
    newest_date: date | None = None
    today: date | None = None
    window: Window | None = None
    voi_explanation: str = ""
    link: LinkBadge | None = None
    is_scale_comparable: bool = True
    identity: IdentityMark | None = None
    identity_words: str = ""
    nearest_slice: int | None = None
    is_warped: bool = False
    offline_hours: float | None = None
    reference_lines: tuple[ReferenceLine, ...] = ()
    flicker: FlickerBasis | None = None
    canvas_of: CanvasOwner | None = None
    cine: CineNote | None = None
    measurements: tuple[Measurement, ...] = ()
    is_key_image: bool = False
    is_active: bool = False
    is_alone: bool = False
    blocked_reason: str = ""
    #: Stated error of the alignment at every frame in mm, or ``None`` where nothing is known; empty without one.
    slice_errors_mm: tuple[float | None, ...] = ()

    @property
    def role(self) -> Role:
        """CURRENT, PRIOR, or not known."""
        return self.viewport.role

    @property
    def frame(self) -> Frame | None:
        """Header facts of the shown frame, or ``None`` for an empty viewport or an index beyond the stack."""
        index = self.viewport.view.frame_index
        if self.stack is None or not 0 <= index < len(self.stack.frames):
            return None
        return self.stack.frames[index]

    @property
    def frame_state(self) -> FrameState:
        """State of the shown frame; ``WAITING`` while there is no memory for the stack yet."""
        if self.volume is None or self.frame is None:
            return FrameState.WAITING
        return self.volume.validity[self.viewport.view.frame_index]

    @property
    def measurements_here(self) -> tuple[Measurement, ...]:
        """What was drawn on the shown frame itself, never on a neighbour."""
        frame = self.frame
        if frame is None:
            return ()
        return tuple(one for one in self.measurements if one.is_on(frame.sop_instance_uid, frame.frame_number))
