"""What the verb ``render`` was asked to lay over a slice."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from loaders.model.frame import Frame
from loaders.model.overlay import FrameOverlays
from loaders.objects.overlay_source import ObjectNotFound, OverlaySource
from loaders.objects.presentation_state import PresentationState
from viewer.headless.overlay_painting import undrawable_texts


@dataclass(frozen=True, slots=True)
class Layers:
    """A presentation state, or none, and everything to be drawn."""

    state: PresentationState | None
    overlays: FrameOverlays

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to draw at all: without it, grey stays grey."""
        drawn = self.overlays
        return bool(drawn.pictures or drawn.masks or drawn.lines or drawn.texts or drawn.shutter is not None)


def layers_of(options: argparse.Namespace, frame: Frame, source: OverlaySource) -> Layers:
    """Gather what was asked for, and say on standard error what of it cannot be drawn. Raises ``WorldError``."""
    overlays = FrameOverlays()
    state = None
    if options.overlays:
        overlays += source.planes(frame)
    if options.segmentation is not None:
        overlays += source.segments(options.segmentation, frame)
    if options.contours is not None:
        overlays += source.contours(options.contours, frame)
    if options.presentation is not None:
        state = source.state(options.presentation)
        if not state.applies_to(frame):
            raise ObjectNotFound(f"presentation state {state.sop_instance_uid} is not for this image")
        overlays += source.state_overlays(options.presentation, frame)
    for words in (*overlays.not_drawn, *(f"text that the font lacks: {text}" for text in undrawable_texts(overlays))):
        sys.stderr.write(f"note: not drawn: {' '.join(words.split())}\n")
    return Layers(state, overlays)
