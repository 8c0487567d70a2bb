"""The protocol of a slice renderer, and the request it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation, ViewState
from loaders.model.volume import Volume


@dataclass(frozen=True, slots=True)
class SliceRequest:
    """One picture to make: a volume, a view of it, its grey, and the canvas in *device* pixels."""

    volume: Volume
    view: ViewState
    presentation: Presentation
    width: int
    height: int


class SliceRenderer(Protocol):
    """Makes the picture without text. Outside the image it is black; an absent frame gives ``None``, never zeros."""

    name: str

    def render(self, request: SliceRequest) -> NDArray[np.uint8] | None:
        """Return (height, width) grey or (height, width, 3) RGB, or ``None`` when the frame is not in memory."""
        ...

    def release(self, volume: Volume) -> None:
        """Forget everything kept for a volume (textures, pyramids)."""
        ...

    def close(self) -> None:
        """Let go of the context."""
        ...
