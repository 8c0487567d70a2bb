"""Undo and redo as a value. A drag makes many sessions and one entry: its steps share a key until it is closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compare.session.comparison_session import ComparisonSession

LONGEST = 200


@dataclass(frozen=True, slots=True)
class History:
    """The session now, those before it (oldest first) and those undone (next to redo last)."""

    present: ComparisonSession
    past: tuple[ComparisonSession, ...] = ()
    future: tuple[ComparisonSession, ...] = ()
    merge_key: str = ""

    def record(self, session: ComparisonSession, merge_key: str = "") -> History:
        """Take a new session. With the merge key of the step before it joins that step; nothing changed adds nothing.

        Any new step forgets what could be redone.
        """
        if session == self.present:
            return self
        if merge_key and merge_key == self.merge_key and self.past:
            if session == self.past[-1]:  # dragged back to where it began: no step at all
                return History(session, self.past[:-1])
            return replace(self, present=session, future=())
        return History(session, (*self.past, self.present)[-LONGEST:], (), merge_key)

    def amend(self, session: ComparisonSession) -> History:
        """Replace the present without a step: for what follows the window's size and is nobody's decision."""
        return replace(self, present=session)

    def close_gesture(self) -> History:
        """End a drag: the next step stands on its own, whatever its merge key."""
        return replace(self, merge_key="") if self.merge_key else self

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self.future)

    def undo(self) -> History:
        """Take the last step back; the same history where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.future, self.present))

    def redo(self) -> History:
        """Do the last undone step again; the same history where there is none."""
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, self.present), self.future[:-1])

    def restart(self, session: ComparisonSession) -> History:
        """Begin anew with another patient: no step leads back to the one before, and the generation rises."""
        return History(replace(session, generation=self.present.generation + 1))
