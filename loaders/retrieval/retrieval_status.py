"""How a retrieval stands, for whoever shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class RetrievalState(enum.StrEnum):
    """What a retrieval is doing."""

    RUNNING = "running"
    PAUSED = "paused"
    #: The store does not answer: tried again by itself.
    WAITING = "waiting"
    #: Somebody has to sign in; then ``resume``.
    SIGN_IN_NEEDED = "sign_in_needed"
    #: Ended by an error that no retry can help; ``reason`` says which.
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RetrievalStatus:
    """A moment of a retrieval. Counts are instances; the rate is that of the last seconds."""

    state: RetrievalState
    received: int
    failed: int
    total: int
    received_bytes: int
    bytes_per_second: float
    reason: str = ""

    @property
    def remaining(self) -> int:
        """Instances still to come."""
        return self.total - self.received - self.failed

    @property
    def remaining_s(self) -> float | None:
        """Seconds to go at the present rate, ``None`` while that cannot be said."""
        if not self.received or self.bytes_per_second <= 0:
            return None
        return self.remaining * (self.received_bytes / self.received) / self.bytes_per_second
