"""Progress and cancelling of long work, without Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from loaders.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. ``total`` is ``None`` while it is not known; ``stage`` is a stable word, not for display."""

    stage: str
    done: int
    total: int | None = None


ProgressCallback = Callable[[Progress], None]


class CancelToken:
    """Set by whoever lost interest, checked by the work at frame and file boundaries."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until cancelled, at most so long; return whether it was."""
        return self._event.wait(timeout_s)

    def raise_if_cancelled(self) -> None:
        """Raise :class:`Cancelled` when asked to stop."""
        if self._event.is_set():
            raise Cancelled


def no_progress(_progress: Progress) -> None:
    """A callback for whoever does not look."""
