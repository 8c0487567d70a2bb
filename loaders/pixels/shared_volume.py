"""The memory of one stack: one shared block, frames one behind the other, read-only in the application's process."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import TooLarge
from loaders.model.stack import Stack
from loaders.workers.shared_block import SharedBlock

_ALIGNMENT = 64


class SharedVolume:
    """Stored values of a stack in anonymous shared memory.

    Frames of one matrix and type form one C-contiguous array ``(frames, rows, columns[, 3])`` in :attr:`stored`;
    otherwise :attr:`frame_arrays` has one array a frame. Workers write it; the mapping here is read-only, so that not
    even a native renderer can change a pixel. Raises ``TooLarge`` when the system refuses the memory.
    """

    def __init__(self, stack: Stack) -> None:
        formats = [frame.format for frame in stack.frames]
        kinds = {(format_.decoded_shape, np.dtype(format_.decoded_dtype)) for format_ in formats}
        self.is_uniform = len(kinds) == 1
        #: First byte of each frame within the block.
        self.starts: tuple[int, ...] = _starts([f.decoded_bytes for f in formats], aligned=not self.is_uniform)
        self.byte_count = self.starts[-1] + formats[-1].decoded_bytes
        try:
            self.block = SharedBlock.create(max(1, self.byte_count))
        except OSError as error:
            raise TooLarge(f"the system refuses {self.byte_count / 1e6:.0f} MB of shared memory") from error
        mapping: mmap.mmap = self.block.readable()
        self.stored: NDArray[Any] | None = None
        self.frame_arrays: tuple[NDArray[Any], ...] = ()
        if self.is_uniform:
            shape = (len(formats), *formats[0].decoded_shape)
            self.stored = np.ndarray(shape, dtype=formats[0].decoded_dtype, buffer=mapping)
        else:
            self.frame_arrays = tuple(
                np.ndarray(format_.decoded_shape, dtype=format_.decoded_dtype, buffer=mapping, offset=start)
                for format_, start in zip(formats, self.starts, strict=True)
            )

    def close(self) -> None:
        """Let go of the block. Arrays that are still held elsewhere stay readable; the memory goes with the last."""
        self.block.close()
        self.stored = None
        self.frame_arrays = ()


def _starts(sizes: list[int], *, aligned: bool) -> tuple[int, ...]:
    starts, at = [], 0
    for size in sizes:
        starts.append(at)
        at += size
        if aligned:
            at += -at % _ALIGNMENT
    return tuple(starts)
