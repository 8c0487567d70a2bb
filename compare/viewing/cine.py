"""How fast a stack plays: by the time its frames were apart, else at a rate that is named as a default."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.model.stack import Stack

#: Slices of a volume have no time between them: they are paged at this rate.
DEFAULT_INTERVAL_MS = 100.0
#: Faster than any screen, slower than any patience: an implausible time is not believed.
_SHORTEST_MS, _LONGEST_MS = 5.0, 10_000.0


@dataclass(frozen=True, slots=True)
class CineRate:
    """Milliseconds from frame to frame; ``is_default`` where the file states none (PS3.3 C.7.6.5)."""

    interval_ms: float
    is_default: bool

    @property
    def frames_per_second(self) -> float:
        """The same as a rate."""
        return 1000.0 / self.interval_ms


def cine_rate(stack: Stack, frame_index: int) -> CineRate:
    """Return how long the frame stays before the next one."""
    stated = stack.frames[frame_index].frame_time_ms
    if stated is None or not _SHORTEST_MS <= stated <= _LONGEST_MS:
        return CineRate(DEFAULT_INTERVAL_MS, is_default=True)
    return CineRate(stated, is_default=False)


def next_frame(frame_index: int, frame_count: int) -> int:
    """Return the frame after this one; the first follows the last."""
    return (frame_index + 1) % max(frame_count, 1)
