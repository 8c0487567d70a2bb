"""Bytes a second over the last few seconds."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_S = 3.0


class TransferRate:
    """Counts received bytes. Not thread-safe by itself."""

    def __init__(self) -> None:
        self.total = 0
        self._started: float | None = None
        self._recent: deque[tuple[float, int]] = deque()
        self._recent_bytes = 0

    def begin(self) -> None:
        """Start the clock with the first request: waiting for the first byte is part of the rate."""
        self._started = time.monotonic()

    def add(self, count: int) -> None:
        """Note bytes that have just arrived."""
        now = time.monotonic()
        if self._started is None:
            self._started = now
        self.total += count
        self._recent.append((now, count))
        self._recent_bytes += count
        self._trim(now)

    def now(self) -> float:
        """Bytes a second; 0 before anything came, and when nothing has come for a while."""
        now = time.monotonic()
        self._trim(now)
        if self._started is None or not self._recent:
            return 0.0
        return self._recent_bytes / max(0.02, min(_WINDOW_S, now - self._started))

    def _trim(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - _WINDOW_S:
            self._recent_bytes -= self._recent.popleft()[1]
