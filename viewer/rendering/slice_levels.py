"""A frame made ready for sampling: stored values as codes, padding set apart, halved copies for large reductions.

A *code* is the stored value counted from the least value of its type, so that it can index a table: ``code = stored -
minimum``. It is ``uint8`` or ``uint16``. Floats and 32-bit integers have too many values for a table and stay numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import Padding
from loaders.model.volume import Volume

#: Rows that are halved at a time: two of them stay in a core's cache.
_BAND = 64


@dataclass(frozen=True, slots=True, eq=False)
class SliceLevel:
    """One frame at one reduction.

    ``values`` is (rows, columns) or (rows, columns, 3), read-only by contract: codes, or floats where
    :func:`is_tabled` says no. ``padding`` (rows, columns) is True where there is no image. After :func:`continued`
    the ``values`` there go on with the neighbouring image's, so that nothing of the padding gets into an average.
    """

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None = None

    @property
    def nbytes(self) -> int:
        """Memory taken."""
        return self.values.nbytes + (self.padding.nbytes if self.padding is not None else 0)


def is_tabled(dtype: np.dtype[np.generic]) -> bool:
    """Whether every value of the type can have an entry in a table: 8 and 16-bit integers."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def codes_of(stored: NDArray[Any]) -> NDArray[Any]:
    """Return codes of 8 or 16-bit stored values; unsigned ones are returned as they are."""
    if stored.dtype.kind == "u":
        return stored
    unsigned = np.dtype(f"u{stored.dtype.itemsize}")
    # Flipping the sign bit of two's complement is adding half the range.
    codes: NDArray[Any] = np.bitwise_xor(stored.view(unsigned), unsigned.type(1 << (8 * unsigned.itemsize - 1)))
    return codes


def full_level(stored: NDArray[Any], padding: Padding | None) -> SliceLevel:
    """Return the frame as it is stored, with its padding set apart where it has any."""
    if stored.ndim == 3:
        return SliceLevel(stored)
    if not is_tabled(stored.dtype):
        return _untabled(stored, padding)
    values = codes_of(np.ascontiguousarray(stored))
    if padding is None:
        return SliceLevel(values)
    least = 0 if stored.dtype.kind == "u" else -(1 << (8 * stored.dtype.itemsize - 1))
    most = least + (1 << (8 * stored.dtype.itemsize)) - 1
    low, high = min(padding.low, padding.high), max(padding.low, padding.high)
    if high < least or low > most:
        return SliceLevel(values)
    first, last = max(low, least) - least, min(high, most) - least
    mask = (values == first) if first == last else ((values >= first) & (values <= last))
    return SliceLevel(values, mask) if mask.any() else SliceLevel(values)


def _untabled(stored: NDArray[Any], padding: Padding | None) -> SliceLevel:
    """Floats and 32-bit integers as float64. What is not a number is not image."""
    values = stored.astype(np.float64)
    mask = ~np.isfinite(values)
    if padding is not None:
        mask |= (values >= min(padding.low, padding.high)) & (values <= max(padding.low, padding.high))
    values[mask] = 0.0
    return SliceLevel(values, mask) if mask.any() else SliceLevel(values)


def continued(level: SliceLevel) -> SliceLevel:
    """Let the image's border values go on into the padding by two pixels: as far as any tap of a sample reaches."""
    if level.padding is None:
        return level
    filled, empty = level.values.copy(), level.padding.copy()
    for axis in (0, 1, 0, 1):
        for ahead in (True, False):
            to, of = _shifted(axis, ahead=ahead)
            take = empty[to] & ~empty[of]
            np.copyto(filled[to], filled[of], where=take)
            empty[to] &= ~take
    return SliceLevel(filled, level.padding)


def _shifted(axis: int, *, ahead: bool) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index pairs of an array and of its neighbour along an axis."""
    lower, upper = slice(None, -1), slice(1, None)
    to, of = (upper, lower) if ahead else (lower, upper)
    every = slice(None)
    return ((to, every), (of, every)) if axis == 0 else ((every, to), (every, of))


def halved(level: SliceLevel) -> SliceLevel:
    """Return the mean of each 2 x 2 block; an odd last row or column is averaged with itself.

    Padding does not count: the mean is over the image pixels of a block, which is padding when fewer than two are.
    """
    values = level.values
    values = np.pad(values, [(0, size % 2) for size in values.shape[:2]] + [(0, 0)] * (values.ndim - 2), mode="edge")
    if level.padding is None:
        return SliceLevel(_mean_of_blocks(values))
    mask = np.pad(level.padding, [(0, size % 2) for size in level.padding.shape], mode="edge")
    image = (~mask).view(np.uint8)
    count = _sum_of_blocks(image)
    only_image = np.where(mask, values.dtype.type(0), values)
    mean = _mean_of_blocks(only_image)
    partial = np.nonzero((count > 0) & (count < 4))
    if partial[0].size:
        blocks = [only_image[partial[0] * 2 + down, partial[1] * 2 + across] for down in (0, 1) for across in (0, 1)]
        mean[partial] = _mean_of_some(blocks, count[partial])
    empty = count < 2
    return SliceLevel(mean, empty) if empty.any() else SliceLevel(mean)


def _mean_of_some(blocks: list[NDArray[Any]], count: NDArray[np.uint8]) -> NDArray[Any]:
    """The mean of the image pixels of blocks in which padding counts as zero."""
    total = np.sum([block.astype(np.float64) for block in blocks], axis=0)
    mean: NDArray[Any] = total / count
    return mean if blocks[0].dtype.kind == "f" else np.floor(mean + 0.5)


def _sum_of_blocks(values: NDArray[Any]) -> NDArray[Any]:
    total: NDArray[Any] = values[::2, ::2] + values[::2, 1::2] + values[1::2, ::2] + values[1::2, 1::2]
    return total


def _mean_of_blocks(values: NDArray[Any]) -> NDArray[Any]:
    """Mean of 2 x 2 blocks of an even-sized array, halves rounded up."""
    if values.dtype.kind == "f":
        return _sum_of_blocks(values.astype(np.float64)) / np.float64(4.0)
    if values.ndim == 3:
        total = _sum_of_blocks(values.astype(np.uint16))
        return ((total + np.uint16(2)) >> np.uint16(2)).astype(values.dtype)
    return _mean_of_pairs(np.ascontiguousarray(values))


def _mean_of_pairs(values: NDArray[Any]) -> NDArray[Any]:
    """The same for codes, reading two neighbours as one word of twice the size: no strided reads."""
    rows, columns = values.shape
    bits = 8 * values.dtype.itemsize
    word = np.dtype(f"u{2 * values.dtype.itemsize}")
    words = values.view(word)
    low, shift, two = word.type((1 << bits) - 1), word.type(bits), word.type(2)
    out = np.empty((rows // 2, columns // 2), dtype=values.dtype)
    for start in range(0, rows // 2, _BAND):
        stop = min(rows // 2, start + _BAND)
        block = words[2 * start : 2 * stop]
        sums = block & low
        sums += block >> shift
        total = sums[0::2] + sums[1::2]
        total += two
        total >>= two
        out[start:stop] = total
    return out


#: Volume, frame, its state, reduction, whether continued into the padding.
_Key = tuple[int, int, int, int, bool]


def _key(volume: Volume, frame_index: int, reduction: int, *, is_continued: bool) -> _Key:
    # The state is part of the key: a preview must not outlive the full frame's arrival.
    return id(volume), frame_index, int(volume.validity[frame_index]), reduction, is_continued


class SliceLevels:
    """Keeps prepared frames, oldest forgotten first, within ``limit_bytes``."""

    def __init__(self, limit_bytes: int = 96 << 20) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[_Key, tuple[Volume, SliceLevel]] = OrderedDict()
        self._bytes = 0

    def level(self, volume: Volume, frame_index: int, reduction: int) -> SliceLevel | None:
        """Return the frame halved ``reduction`` times, or ``None`` when it is not in memory."""
        stored = volume.frame_array(frame_index)
        if stored is None:
            return None
        return self._level(volume, stored, frame_index, reduction)

    def _level(self, volume: Volume, stored: NDArray[Any], frame_index: int, reduction: int) -> SliceLevel:
        key = _key(volume, frame_index, reduction, is_continued=True)
        kept = self._found(key)
        if kept is not None:
            return kept
        halves = self._halves(volume, stored, frame_index, reduction)
        if halves.padding is None:
            return halves
        level = continued(halves)
        self._keep(key, volume, level)
        return level

    def _halves(self, volume: Volume, stored: NDArray[Any], frame_index: int, reduction: int) -> SliceLevel:
        key = _key(volume, frame_index, reduction, is_continued=False)
        kept = self._found(key)
        if kept is not None:
            return kept
        if reduction:
            level = halved(self._halves(volume, stored, frame_index, reduction - 1))
        else:
            level = full_level(stored, volume.frame(frame_index).display.padding)
            if level.values is stored and level.padding is None:
                return level  # nothing was computed: a view costs nothing to make again
        self._keep(key, volume, level)
        return level

    def _found(self, key: _Key) -> SliceLevel | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def _keep(self, key: _Key, volume: Volume, level: SliceLevel) -> None:
        self._kept[key] = (volume, level)
        self._bytes += level.nbytes
        while self._bytes > self._limit_bytes and len(self._kept) > 1:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= gone.nbytes

    def release(self, volume: Volume) -> None:
        """Forget everything of a volume."""
        for key in [key for key, (owner, _) in self._kept.items() if owner is volume]:
            self._bytes -= self._kept.pop(key)[1].nbytes
