"""The wire format between the application and its workers: a fixed header, JSON, bytes. Never pickle.

A message is ``kind (u8), flags (u8), task id (u32), JSON length (u32), blob length (u32)`` in little endian, then the
JSON object, then the blob. Several messages may stand one after the other in one send.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

_HEADER = struct.Struct("<BBIII")

#: More than this from a worker is not an answer but an attack.
LARGEST_REPLY = 128 << 20

#: The worker asks to be replaced after this reply: it has grown, aged, or a codec failed in it.
FLAG_RECYCLE = 1
#: The task may succeed in a fresh worker, with another decoder.
FLAG_RETRY = 2


class MessageKind(IntEnum):
    """What a message says."""

    TASK = 1
    ATTACH = 2  # a shared block; on POSIX its descriptor follows on the socket
    DETACH = 3
    STOP = 4
    READY = 16
    RESULT = 17
    ERROR = 18


class BadMessage(Exception):
    """The other side does not keep to the wire format."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way."""

    kind: MessageKind
    task_id: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    blob: bytes = b""
    flags: int = 0


def pack(message: Message) -> bytes:
    """Return the bytes of a message."""
    text = json.dumps(message.facts, separators=(",", ":")).encode() if message.facts else b""
    head = _HEADER.pack(message.kind, message.flags, message.task_id, len(text), len(message.blob))
    return head + text + message.blob


def unpack(data: bytes) -> Iterator[Message]:
    """Yield the messages in ``data``; raises :class:`BadMessage` on anything that is not exactly that."""
    at = 0
    while at < len(data):
        if len(data) - at < _HEADER.size:
            raise BadMessage("cut header")
        kind, flags, task_id, text_length, blob_length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if text_length + blob_length > len(data) - at:
            raise BadMessage("lengths beyond the message")
        try:
            facts = json.loads(data[at : at + text_length]) if text_length else {}
            known = MessageKind(kind)
        except (ValueError, RecursionError) as error:
            raise BadMessage(type(error).__name__) from error
        if not isinstance(facts, dict):
            raise BadMessage("not an object")
        at += text_length
        yield Message(known, task_id, facts, data[at : at + blob_length], flags)
        at += blob_length
