"""The stored values of a stack in memory, with all that is needed to read them rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack
from loaders.model.units import ValueUnit


@dataclass(frozen=True, slots=True)
class Volume:
    """A read-only view of stored values, shape (frames, rows, columns[, 3]), filled frame by frame.

    ``stored`` is one block only when all frames share matrix and type; a stack of mixed matrices has one array a
    frame in ``frame_arrays`` instead. Use :meth:`frame_array`, which serves both.
    """

    stack: Stack
    validity: FrameValidity
    stored: NDArray[np.generic] | None = None
    frame_arrays: tuple[NDArray[np.generic], ...] = ()

    def frame_array(self, frame_index: int) -> NDArray[np.generic] | None:
        """Stored values of a frame, or ``None`` when it is not there (yet): never zeros in its place."""
        if self.validity[frame_index] not in (FrameState.LOADED, FrameState.PREVIEW):
            return None
        if self.stored is not None:
            view: NDArray[np.generic] = self.stored[frame_index]
            return view
        return self.frame_arrays[frame_index]

    def frame(self, frame_index: int) -> Frame:
        """Header facts of a frame."""
        return self.stack.frames[frame_index]

    @property
    def unit(self) -> ValueUnit:
        """The unit of all values, or ``STORED`` where frames disagree."""
        units = {frame.values.unit for frame in self.stack.frames}
        return units.pop() if len(units) == 1 else ValueUnit.STORED
