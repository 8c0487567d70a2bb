"""A small picture of a frame for the study browser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compare.viewing.canvas import fit_scale, frame_centre_mm
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.volume import Volume
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest


def thumbnail(volume: Volume, frame_index: int, side: int, renderer: SliceRenderer) -> NDArray[np.uint8] | None:
    """Return the whole frame within ``side`` x ``side`` pixels, (side, side) grey or (side, side, 3) RGB.

    Window and polarity are the file's; where it names none, one over the frame's values. The picture keeps the
    image's proportions in mm and is black around it. ``None`` when the frame is not in memory. Raises ``ValueError``
    for a side below one pixel.
    """
    frame = volume.frame(frame_index)
    view = ViewState(frame_index, frame_centre_mm(frame), fit_scale(frame, side, side))
    return renderer.render(SliceRequest(volume, view, Presentation(), side, side))
