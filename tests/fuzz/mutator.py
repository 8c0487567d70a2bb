"""Broken input without a plan: eight ways to change bytes, over pydicom's bundled files, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pydicom.data

_LARGEST_SEED = 120_000
_UID_ELEMENTS = re.compile(rb"(\x08\x00\x18\x00|\x20\x00\x0e\x00)(UI..|..\x00\x00)(1\.[0-9.]{12,62})", re.DOTALL)
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)

Change = Callable[[bytearray, random.Random], None]


def _flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set_bytes(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at : at + rng.randint(1, 16)] = rng.randbytes(rng.randint(1, 16))


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(1, len(data)) :]


def _drop(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randint(1, 64)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = bytes(data[at : at + rng.randint(2, 256)]) * rng.randint(1, 20)


def _number(data: bytearray, rng: random.Random) -> None:
    """Put an interesting number where a length or size may be, in either byte order."""
    width = rng.choice((1, 2, 4))
    value = rng.choice(_INTERESTING) & ((1 << 8 * width) - 1)
    at = rng.randrange(max(1, len(data) - width))
    data[at : at + width] = value.to_bytes(width, rng.choice(("little", "big")))


def _number_in_header(data: bytearray, rng: random.Random) -> None:
    head = bytearray(data[132:1600])
    if head:
        _number(head, rng)
        data[132 : 132 + len(head)] = head


def _splice(data: bytearray, rng: random.Random) -> None:
    other = rng.choice(seeds())
    at, taken = rng.randrange(len(data)), rng.randrange(len(other))
    data[at : at + 512] = other[taken : taken + rng.randint(8, 512)]


CHANGES: tuple[Change, ...] = (_flip_bits, _set_bytes, _cut, _drop, _repeat, _number, _number_in_header, _splice)


@cache
def seeds() -> tuple[bytes, ...]:
    """Bundled files of pydicom that are not too large, in a stable order. Nothing is fetched."""
    folder = Path(pydicom.data.__file__).parent / "test_files"
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")
    return tuple(path.read_bytes() for path in paths if 200 < path.stat().st_size <= _LARGEST_SEED)


@cache
def _images() -> tuple[bytes, ...]:
    return tuple(data for data in seeds() if b"\xe0\x7f\x10\x00" in data)


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Yield mutants; each has UIDs of its own, so that none hides another as its duplicate."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for number in range(count):
        seed_file = rng.choice(seeds() if rng.random() < 0.25 else _images())
        data = bytearray(_with_own_uids(seed_file, seed * 1_000_000 + number))
        for _ in range(rng.choice((1, 1, 2, 4))):
            if len(data) > 2:
                rng.choice(CHANGES)(data, rng)
        yield bytes(data)


def _with_own_uids(data: bytes, number: int) -> bytes:
    tail = str(number).encode()

    def renamed(found: re.Match[bytes]) -> bytes:
        uid = found[3]
        return found[1] + found[2] + uid[: len(uid) - len(tail)].rstrip(b".").ljust(len(uid) - len(tail), b"1") + tail

    return _UID_ELEMENTS.sub(renamed, data)
