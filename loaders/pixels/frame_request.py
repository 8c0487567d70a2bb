"""One frame to bring into shared memory, as JSON on its way to a worker and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

from loaders.errors import DecodeError
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """Where a frame is, what it must be, and where it goes: ``start`` bytes into shared block ``block``.

    ``blob_block`` is a shared block with the whole DICOM instance, for sources that have no plain file; else 0.
    ``attempt`` 1 asks for the second decoder.
    """

    format: PixelFormat
    location: PixelLocation
    block: int
    start: int
    blob_block: int = 0
    blob_bytes: int = 0
    attempt: int = 0

    def to_bytes(self) -> bytes:
        """Return the payload of a ``decode`` task."""
        where = self.location
        facts = {
            "path": str(where.file.path),
            "member": where.file.member,
            "frame": where.frame_index,
            "offset": where.offset,
            "length": where.length,
            "items": where.items_offset,
            "block": self.block,
            "start": self.start,
            "blob": [self.blob_block, self.blob_bytes],
            "attempt": self.attempt,
        }
        # ASCII with escapes: a path that is not valid UTF-8 travels as lone surrogates, which JSON keeps.
        return f'{{"format":{_format_json(self.format)},{json.dumps(facts)[1:]}'.encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> FrameRequest:
        """Read a payload back, in the worker."""
        facts = json.loads(payload)
        file = FileLocator(Path(facts["path"]), facts["member"])
        location = PixelLocation(file, facts["frame"], facts["offset"], facts["length"], facts["items"])
        return cls(
            PixelFormat(**facts["format"]),
            location,
            facts["block"],
            facts["start"],
            facts["blob"][0],
            facts["blob"][1],
            facts["attempt"],
        )

    def with_blob(self, block: int, size: int, attempt: int) -> FrameRequest:
        """The same request for an instance that travels in a shared block."""
        return replace(self, blob_block=block, blob_bytes=size, attempt=attempt)


@lru_cache(maxsize=64)
def _format_json(format_: PixelFormat) -> str:
    """A stack has one format, or a few: encoded once."""
    return json.dumps(asdict(format_))


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """What the worker found on the way: the range of stored values, and a flaw to be said (or empty).

    ``low`` and ``high`` include padding; they are ``None`` for colour and for a frame without a finite number.
    """

    low: float | None = None
    high: float | None = None
    note: str = ""

    def to_bytes(self) -> bytes:
        """Return the answer of a ``decode`` task."""
        return json.dumps({"low": self.low, "high": self.high, "note": self.note}).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> FrameAnswer:
        """Read and check an answer; raises ``DecodeError`` for one that is not of this form."""
        try:
            facts = json.loads(payload)
            answer = cls(**{field.name: facts[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DecodeError("an unreadable answer from a worker") from error
        numbers = (answer.low, answer.high)
        if not all(number is None or type(number) in (int, float) for number in numbers):
            raise DecodeError("an unreadable answer from a worker")
        if not isinstance(answer.note, str):
            raise DecodeError("an unreadable answer from a worker")
        return answer
