"""A cap on received bytes a second, shared by all connections of a store."""

from __future__ import annotations

import threading
import time


class RateLimit:
    """``bytes_per_second`` 0 is no cap. It may be changed at any time. Thread-safe."""

    def __init__(self, bytes_per_second: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._rate = bytes_per_second
        self._free_at = time.monotonic()

    @property
    def is_on(self) -> bool:
        """Whether there is a cap."""
        return self._rate > 0

    @property
    def piece_bytes(self) -> int:
        """How much to read at once, so that the cap is felt evenly: a fiftieth of a second, 4 kB at least."""
        return max(4096, int(self._rate / 50))

    def set(self, bytes_per_second: float) -> None:
        """Change the cap."""
        with self._lock:
            self._rate = max(0.0, bytes_per_second)
            self._free_at = time.monotonic()

    def spend(self, count: int) -> None:
        """Wait until so many bytes are within the cap."""
        with self._lock:
            if self._rate <= 0:
                return
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + count / self._rate
            pause = self._free_at - now
        time.sleep(max(0.0, pause))
