"""When the workstation locks itself: a pure state machine. Whoever owns windows and keys acts on its effects."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

DEFAULT_IDLE_S = 300.0


class LockEvent(enum.Enum):
    """What happens."""

    ACTIVITY = "activity"
    TICK = "tick"
    SYSTEM_LOCKED = "system_locked"
    SUSPENDED = "suspended"
    ASKED_TO_LOCK = "asked_to_lock"
    SIGNED_IN = "signed_in"


class LockEffect(enum.Enum):
    """What must be done, in this order."""

    COVER_WINDOWS = "cover_windows"
    DROP_STUDY_KEYS = "drop_study_keys"
    DROP_TOKENS = "drop_tokens"
    PAUSE_DOWNLOADS = "pause_downloads"
    UNCOVER_WINDOWS = "uncover_windows"


_LOCKING = (
    LockEffect.COVER_WINDOWS,
    LockEffect.DROP_STUDY_KEYS,
    LockEffect.DROP_TOKENS,
    LockEffect.PAUSE_DOWNLOADS,
)


@dataclass(frozen=True, slots=True)
class WorkstationLock:
    """``active_at`` is on the monotonic clock, so that no change of the calendar locks or unlocks.

    ``user`` is who may unlock; empty before the first sign-in, and then there is nothing to lock.
    """

    active_at: float
    idle_s: float = DEFAULT_IDLE_S
    user: str = ""
    is_locked: bool = False

    def after(self, event: LockEvent, at: float, user: str = "") -> tuple[WorkstationLock, tuple[LockEffect, ...]]:
        """Return the next state and what must be done now.

        A different person who signs in at a locked workstation does not uncover what another left: that is cleared by
        signing out first.
        """
        if event is LockEvent.SIGNED_IN:
            if self.is_locked and user != self.user:
                return self, ()
            effects = (LockEffect.UNCOVER_WINDOWS,) if self.is_locked else ()
            return replace(self, active_at=at, user=user, is_locked=False), effects
        if self.is_locked or not self.user:
            return self, ()
        if event is LockEvent.ACTIVITY and not self._is_idle(at):
            return replace(self, active_at=at), ()
        if event is LockEvent.TICK and not self._is_idle(at):
            return self, ()
        return replace(self, is_locked=True), _LOCKING

    def _is_idle(self, at: float) -> bool:
        return at - self.active_at >= self.idle_s

    def seconds_left(self, at: float) -> float:
        """Seconds until idleness locks; the next tick belongs there."""
        return max(0.0, self.idle_s - (at - self.active_at))
