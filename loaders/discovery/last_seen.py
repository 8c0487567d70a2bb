"""Make a value from header elements once for as long as the elements it rests on stay the same.

The slices of a series repeat most of their header: a thousand equal windows need not be built a thousand times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from loaders.discovery.element_values import ElementValues

T = TypeVar("T")


class LastSeen(Generic[T]):
    """Remembers the last value made, with the elements it was made from. One thread's own."""

    def __init__(self, keywords: tuple[str, ...]) -> None:
        self._keywords = keywords
        self._known: list[Any] = []
        self._value: T | None = None

    def get(self, values: ElementValues, also: object, make: Callable[[], T]) -> T:
        """Return the last value if the elements, and ``also``, are equal to the last ones', else a new one."""
        find = values.get
        known = [find(keyword) for keyword in self._keywords]
        known.append(also)
        if self._value is None or known != self._known:
            self._value = make()
            self._known = known
        return self._value
