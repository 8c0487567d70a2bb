"""The frozen session: what hangs where, how it is linked, what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from compare.following.lesion import Lesion
from compare.session.key_image import KeyImage
from compare.session.measurement import Measurement
from compare.session.planes_view import PlanesView
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.stack import StackKey


class Role(StrEnum):
    """A viewport's place in time, by study dates alone; ``UNKNOWN`` where they are equal, missing or contradict."""

    CURRENT = "current"
    PRIOR = "prior"
    UNKNOWN = "unknown"


class LinkedAction(StrEnum):
    """What one viewport passes on to another."""

    SCROLL = "scroll"
    ZOOM = "zoom"
    PAN = "pan"
    WINDOW = "window"
    ROTATION = "rotation"
    CURSOR = "cursor"


#: Linked from the start. Window is off across studies until the reader asks (rival viewers' commonest complaint).
DEFAULT_ACTIONS = frozenset({LinkedAction.SCROLL, LinkedAction.ZOOM, LinkedAction.PAN, LinkedAction.CURSOR})


@dataclass(frozen=True, slots=True)
class Viewport:
    """One cell of the layout; ``stack`` ``None`` is an empty one. ``actions`` are those the reader left linked here."""

    stack: StackKey | None = None
    study_key: str = ""
    role: Role = Role.UNKNOWN
    view: ViewState = ViewState()
    presentation: Presentation = Presentation()
    actions: frozenset[LinkedAction] = DEFAULT_ACTIONS


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid of viewports, filled row by row. ``maximised`` is the index of the one that fills the window."""

    rows: int = 1
    columns: int = 1
    maximised: int | None = None

    @property
    def cells(self) -> int:
        """Number of viewports."""
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class ManualOffset:
    """Two slices the reader declared to match.

    Maps positions along the first stack's normal to the second's: ``second = first + offset_mm``. It is the reader's
    data: it survives layout changes and is never undone by the program.
    """

    first: StackKey
    second: StackKey
    offset_mm: float


@dataclass(frozen=True, slots=True)
class ComparisonSession:
    """Everything that undo can bring back.

    ``generation`` rises with every change of patient: late results that name an older one are dropped.
    """

    layout: Layout = Layout()
    viewports: tuple[Viewport, ...] = (Viewport(),)
    active: int = 0
    offsets: tuple[ManualOffset, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    lesions: tuple[Lesion, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    is_linked: bool = True
    identity_confirmed: frozenset[tuple[str, str]] = field(default=frozenset())
    identity_overrides: tuple[tuple[str, str, str], ...] = ()
    planes: PlanesView | None = None
    generation: int = 0
