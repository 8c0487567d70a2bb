"""What decoding costs: how many frames make one batch, and whether a preview of a whole series pays.

Measured on one 512 x 512 x 16 bit CT slice and one core (docs/performance_loading.md); only their order of magnitude
matters.
"""

from __future__ import annotations

from loaders.model.pixel_format import PixelFormat
from loaders.model.stack import Stack
from loaders.pixels.codestream_header import RLE_LOSSLESS
from loaders.pixels.reduced_decoding import can_reduce

_JPEG = "1.2.840.10008.1.2.4."
_NS_PER_BYTE = {
    RLE_LOSSLESS: 0.6,
    f"{_JPEG}50": 3.0,
    f"{_JPEG}51": 3.0,
    f"{_JPEG}57": 3.0,
    f"{_JPEG}70": 3.0,
    f"{_JPEG}80": 9.0,
    f"{_JPEG}81": 9.0,
    f"{_JPEG}90": 50.0,
    f"{_JPEG}91": 40.0,
    f"{_JPEG}201": 2.5,
    f"{_JPEG}202": 2.5,
    f"{_JPEG}203": 2.5,
}
_NS_PER_BYTE_OTHERWISE = 5.0
#: Reading and parsing one file that cannot be read by an offset.
_NS_PER_FILE = 300_000.0
_PREVIEW_SHARE = 0.08
#: Bytes of uncompressed pixels that go to a worker as one batch, and the time that one batch of coded frames takes.
_STRAIGHT_BATCH_BYTES = 6 << 20
_BATCH_NS = 4e6
#: A series that is there sooner on one core needs no preview.
_PREVIEW_PAYS_NS = 1e9
_FEWEST_FRAMES = 4


def batch_share(format_: PixelFormat, *, is_straight: bool = False, is_preview: bool = False) -> float:
    """Return the share of one batch that a frame is: tasks are sent together until their shares reach 1."""
    if is_straight:
        return format_.decoded_bytes / _STRAIGHT_BATCH_BYTES
    return (_NS_PER_FILE + _decoding_ns(format_) * (_PREVIEW_SHARE if is_preview else 1.0)) / _BATCH_NS


def has_preview_that_pays(stack: Stack) -> bool:
    """Whether all frames can be had at reduced resolution, and the whole series takes long enough to wish for it."""
    if len(stack.frames) < _FEWEST_FRAMES or not all(can_reduce(frame.format) for frame in stack.frames):
        return False
    return sum(_decoding_ns(frame.format) for frame in stack.frames) >= _PREVIEW_PAYS_NS


def _decoding_ns(format_: PixelFormat) -> float:
    return format_.decoded_bytes * _NS_PER_BYTE.get(format_.transfer_syntax_uid, _NS_PER_BYTE_OTHERWISE)
