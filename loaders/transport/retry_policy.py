"""When a request is tried again: never for what a second try cannot change, never in a storm."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from loaders.progress import CancelToken
from loaders.transport.store_errors import StoreBusy, StoreUnreachable

_T = TypeVar("_T")
MOST_TRIES = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _LONGEST_ASKED_S = 0.5, 30.0, 300.0


def with_retries(work: Callable[[], _T], *, cancel: CancelToken, tries: int = MOST_TRIES) -> _T:
    """Do the work; after ``StoreBusy`` or ``StoreUnreachable`` wait and do it again, ``tries`` times in all.

    Waits as long as the store asks (at most five minutes), else 0.5 s doubling to 30 s with jitter. Raises the last
    error, and ``Cancelled`` while waiting.
    """
    for number in range(tries):
        try:
            return work()
        except (StoreBusy, StoreUnreachable) as error:
            if number == tries - 1:
                raise
            asked = error.retry_after_s if isinstance(error, StoreBusy) else None
            wait_or_cancel(pause_s(number, asked), cancel)
    raise AssertionError("unreachable")


def pause_s(number: int, asked_s: float | None) -> float:
    """Seconds before the next try; ``number`` counts failed tries from 0."""
    if asked_s is not None:
        return min(asked_s, _LONGEST_ASKED_S)
    longest = min(_FIRST_PAUSE_S * float(2**number), _LONGEST_PAUSE_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def wait_or_cancel(seconds: float, cancel: CancelToken) -> None:
    """Wait, or raise ``Cancelled`` as soon as the token says so."""
    cancel.wait(seconds)
    cancel.raise_if_cancelled()
