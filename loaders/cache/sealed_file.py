"""One encrypted file: 64 KiB segments of AES-256-GCM in the STREAM construction.

Hoang, Reyhanitabar, Rogaway, Vizar: Online authenticated-encryption and its nonce-reuse misuse-resistance, 2015.
Header, 64 bytes: ``DPT1``, version, suite, log2(segment), 0, nonce prefix (7), 0, salt (32), zeros (16). Each file
has a key of its own, HKDF-SHA256(study key, salt), so the short prefix cannot collide. The nonce of a segment is
prefix, number, and a last-segment flag: cutting, doubling or reordering segments fails. Header and context are
authenticated with every segment: a file moved under another patient, study, instance or role does not open.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from loaders.errors import WorldError

SEGMENT = 1 << 16
TAG = 16
HEADER = 64
_LAYOUT = struct.Struct(">4sBBBx7sx32s16x")
_MAGIC, _VERSION, _SUITE = b"DPT1", 1, 1
SALT_BYTES = 32
#: Role of a whole DICOM instance (PS3.10) as opposed to what is derived from it.
INSTANCE_ROLE = "p10"


class Tampered(WorldError):
    """A kept file is not what was written: changed, cut, moved, or an older one put in its place. Never shown."""

    code = "library_tampered"


@dataclass(frozen=True, slots=True)
class SealContext:
    """What a file is bound to. ``length`` is that of the plain text in bytes."""

    profile: str
    study: str
    sop_uid: str
    role: str
    length: int

    def to_bytes(self) -> bytes:
        """Return an unambiguous encoding: every text with its length before it."""
        parts = [part.encode() for part in (self.profile, self.study, self.sop_uid, self.role)]
        return b"".join(struct.pack(">I", len(part)) + part for part in parts) + struct.pack(">Q", self.length)


def sealed_size(length: int) -> int:
    """Size of the file that holds so many plain bytes."""
    return HEADER + length + TAG * _segments(length)


def seal(study_key: bytes, context: SealContext, plain: memoryview) -> tuple[bytes, bytearray]:
    """Return the salt, which the index keeps, and the whole file."""
    salt, prefix = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(7)
    header = _LAYOUT.pack(_MAGIC, _VERSION, _SUITE, SEGMENT.bit_length() - 1, prefix, salt)
    cipher, bound = AESGCM(_file_key(study_key, salt)), header + context.to_bytes()
    count = _segments(len(plain))
    sealed = bytearray(sealed_size(len(plain)))
    sealed[:HEADER] = header
    room, at = memoryview(sealed), HEADER
    for number in range(count):
        piece = plain[number * SEGMENT : (number + 1) * SEGMENT]
        end = at + len(piece) + TAG
        cipher.encrypt_into(_nonce(prefix, number, is_last=number == count - 1), piece, bound, room[at:end])
        at = end
    return salt, sealed


def unseal(study_key: bytes, context: SealContext, salt: bytes, sealed: memoryview, into: memoryview) -> None:
    """Decrypt a file into ``into`` (of ``context.length`` bytes). Raises ``Tampered``; ``into`` then holds rubbish.

    ``salt`` is the index's: an older file of the same instance, put back in its place, has another one.
    """
    if len(sealed) != sealed_size(context.length) or len(into) != context.length:
        raise Tampered("a kept file has another length than it had")
    header = bytes(sealed[:HEADER])
    magic, version, suite, log2_segment, prefix, found_salt = _LAYOUT.unpack(header)
    if (magic, version, suite, log2_segment) != (_MAGIC, _VERSION, _SUITE, 16) or found_salt != salt:
        raise Tampered("a kept file is another one than the index knows")
    cipher, bound = AESGCM(_file_key(study_key, salt)), header + context.to_bytes()
    count, at = _segments(context.length), HEADER
    try:
        for number in range(count):
            start = number * SEGMENT
            end = min(start + SEGMENT, context.length)
            after = at + end - start + TAG
            nonce = _nonce(prefix, number, is_last=number == count - 1)
            cipher.decrypt_into(nonce, sealed[at:after], bound, into[start:end])
            at = after
    except InvalidTag as error:
        raise Tampered("a kept file was changed") from error


def _segments(length: int) -> int:
    return max(1, -(-length // SEGMENT))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])


def _file_key(study_key: bytes, salt: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, b"diptych/file/1").derive(study_key)
