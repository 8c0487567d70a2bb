"""How fast a stack plays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compare.viewing.cine import cine_rate, next_frame
from tests.support.pictures import make_stack


@pytest.mark.parametrize(
    ("stated_ms", "per_second", "is_default"),
    [
        (40.0, 25.0, False),
        (None, 10.0, True),
        (0.001, 10.0, True),  # a thousand frames a millisecond is a broken header
        (1e9, 10.0, True),
    ],
)
def test_the_rate_is_the_files_or_is_named_a_default(
    stated_ms: float | None, per_second: float, is_default: bool
) -> None:
    stack = make_stack(slices=3)
    stack = replace(stack, frames=tuple(replace(frame, frame_time_ms=stated_ms) for frame in stack.frames))
    rate = cine_rate(stack, 1)
    assert rate.frames_per_second == pytest.approx(per_second)
    assert rate.is_default is is_default


def test_the_first_frame_follows_the_last() -> None:
    assert [next_frame(index, 3) for index in range(3)] == [1, 2, 0]
    assert next_frame(0, 1) == 0
