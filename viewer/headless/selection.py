"""Which stack, and which of its frames, a verb is about."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.model.study import Catalogue


class NothingSelected(WorldError):
    """What was named is not there, or not only once."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """A frame and its stack; ``index`` counts from 0 within the stack."""

    stack: Stack
    index: int

    @property
    def frame(self) -> Frame:
        """The chosen frame."""
        return self.stack.frames[self.index]


def choose_stacks(catalogue: Catalogue, series_uid: str | None = None, stack_id: str | None = None) -> list[Stack]:
    """Return the stacks that were named, all without a name. Raises ``NothingSelected`` when there is none."""
    stacks = [stack for study in catalogue.studies for series in study.series for stack in series.stacks]
    if not stacks:
        raise NothingSelected(_why_nothing(catalogue))
    of_series = [stack for stack in stacks if series_uid is None or stack.key.series_uid == series_uid]
    if not of_series:
        raise NothingSelected(
            f"no series {series_uid} here; there are {len({s.key.series_uid for s in stacks})} others"
        )
    named = [stack for stack in of_series if stack_id is None or stack.key.stack_id == stack_id]
    if not named:
        known = ", ".join(stack.key.stack_id for stack in of_series)
        raise NothingSelected(f"no stack {stack_id} here; there are: {known}")
    return named


def choose_frame(stacks: list[Stack], slice_number: int | None, frame_number: int | None) -> FrameChoice:
    """Return the frame at a slice of the stack, or of a frame number within its file; both count from 1.

    Among several stacks the largest is taken for a slice, and said on standard error. A frame number must belong to
    one frame only. Raises ``NothingSelected``.
    """
    if frame_number is not None:
        found = [
            FrameChoice(stack, index)
            for stack in stacks
            for index, frame in enumerate(stack.frames)
            if frame.frame_number == frame_number
        ]
        if len(found) == 1:
            return found[0]
        several = "no frame" if not found else f"{len(found)} frames"
        raise NothingSelected(f"{several} of number {frame_number}; name the series, stack or slice")
    stack = max(stacks, key=lambda each: len(each.frames))
    if len(stacks) > 1:
        sys.stderr.write(f"note: {len(stacks)} stacks, showing {stack.key.stack_id} of series {stack.key.series_uid}\n")
    number = 1 if slice_number is None else slice_number
    if not 1 <= number <= len(stack.frames):
        raise NothingSelected(f"no slice {number}: the stack has {len(stack.frames)}")
    return FrameChoice(stack, number - 1)


def _why_nothing(catalogue: Catalogue) -> str:
    if catalogue.problems:
        first = catalogue.problems[0]
        return f"nothing to show: {first.code}: {first.message}"
    if catalogue.not_displayed:
        first_object = catalogue.not_displayed[0]
        return f"nothing to show: {first_object.reason}"
    return "nothing to show: no images here"


def largest(stacks: list[Stack]) -> Stack:
    """Return the stack with the most frames; among several it is named on standard error."""
    stack = max(stacks, key=lambda each: len(each.frames))
    if len(stacks) > 1:
        sys.stderr.write(f"note: {len(stacks)} stacks, taking {stack.key.stack_id} of series {stack.key.series_uid}\n")
    return stack
