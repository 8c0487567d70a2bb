"""DICOM files in a ZIP archive, read into memory member by member and never unpacked to disk.

What an archive says of itself is not believed: every read is bounded by what was declared and by a limit of our own.
"""

from __future__ import annotations

import zlib
from functools import partial
from pathlib import Path
from threading import Lock

import pyzipper

from loaders.discovery.dicomdir import leads_outside
from loaders.discovery.file_heads import FileHead
from loaders.discovery.header_scan import HeaderRecord, problem_record
from loaders.errors import PasswordNeeded, SourceError
from loaders.model.pixel_format import FileLocator

MAX_MEMBER_BYTES = 2 << 30
MAX_MEMBERS = 200_000
#: Deflate cannot pack tighter than about 1 : 1032; a larger member that comes near holds nothing but one value.
_BOMB_RATIO = 500
_BOMB_BYTES = 256 << 20
_READ_ERRORS = (
    pyzipper.BadZipFile,
    pyzipper.LargeZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)


class ZipArchive:
    """One archive, held open. Reading is serialised: an archive has one file position."""

    def __init__(self, path: Path, password: str | None = None) -> None:
        """Open the archive; raises SourceError where it is none, PasswordNeeded where a password lacks or is wrong."""
        self.path = path
        self._lock = Lock()
        self._password = password.encode("utf-8") if password else None
        try:
            self._zip = pyzipper.AESZipFile(path)
            self._members = self._zip.infolist()
        except _READ_ERRORS as error:
            raise SourceError(f"the archive cannot be read: {path.name}", path=str(path)) from error
        if len(self._members) > MAX_MEMBERS:
            self.close()
            raise SourceError(f"the archive has more than {MAX_MEMBERS} members: {path.name}", path=str(path))
        try:
            self._check_password()
        except PasswordNeeded:
            self.close()
            raise

    def _check_password(self) -> None:
        encrypted = [member for member in self._members if member.flag_bits & 0x1 and not member.is_dir()]
        if not encrypted:
            return
        if self._password is None:
            raise PasswordNeeded(f"the archive {self.path.name} is encrypted", path=str(self.path))
        self._zip.setpassword(self._password)
        smallest = min(encrypted, key=lambda member: (member.file_size == 0, member.compress_size))
        try:
            with self._zip.open(smallest) as stream:
                # A wrong password passes the check byte once in 256; the whole of the smallest member tells better.
                while stream.read(1 << 20):
                    if stream.tell() > 16 << 20:
                        break
        except _READ_ERRORS as error:
            raise PasswordNeeded(f"the password for {self.path.name} is wrong", path=str(self.path)) from error

    def heads(self) -> tuple[list[FileHead], list[HeaderRecord]]:
        """Return a head for every member but folders, in the order of their names, and rows for those refused."""
        seen: set[str] = set()
        heads: list[FileHead] = []
        refused: list[HeaderRecord] = []
        for member in sorted(self._members, key=lambda member: member.filename):
            if member.is_dir():
                continue
            file = FileLocator(self.path, member.filename)
            refusal = _refusal(member)
            if refusal is None and member.filename in seen:
                refusal = ("ambiguous_name", "the archive has two members of this name")
            seen.add(member.filename)
            if refusal:
                refused.append(problem_record(file, *refusal))
            else:
                heads.append(FileHead(file, member.file_size, partial(self._first_bytes, member)))
        return heads, refused

    def __len__(self) -> int:
        return sum(not member.is_dir() for member in self._members)

    def _first_bytes(self, member: pyzipper.ZipInfo, count: int) -> bytes:
        try:
            with self._lock, self._zip.open(member) as stream:
                data: bytes = stream.read(min(count, member.file_size))
        except _READ_ERRORS as error:
            raise SourceError("this member of the archive is damaged", path=str(self.path)) from error
        return data

    def member_bytes(self, name: str) -> bytes:
        """Return one member's bytes, no more than it declares. Raises SourceError where it is damaged or refused."""
        try:
            with self._lock:
                member = self._zip.getinfo(name)
                refusal = _refusal(member)
                if refusal:
                    raise SourceError(f"this member of the archive is not read: {refusal[1]}", path=str(self.path))
                with self._zip.open(member) as stream:
                    data: bytes = stream.read(member.file_size)
                    is_longer = bool(stream.read(1))
        except (*_READ_ERRORS, KeyError) as error:
            raise SourceError("a member of the archive is damaged", path=str(self.path)) from error
        if is_longer or len(data) != member.file_size:
            raise SourceError("a member of the archive is not of the size it declares", path=str(self.path))
        return data

    def close(self) -> None:
        """Close the archive and forget the password."""
        self._password = None
        self._zip.setpassword(b"")
        self._zip.close()


def _refusal(member: pyzipper.ZipInfo) -> tuple[str, str] | None:
    if leads_outside(member.filename):
        return "unsafe_name", "the member's name leads out of the archive"
    if member.file_size > MAX_MEMBER_BYTES:
        return "too_large", f"the member would unpack to {member.file_size} bytes"
    if member.file_size > _BOMB_BYTES and member.file_size > _BOMB_RATIO * max(1, member.compress_size):
        return "too_large", f"the member is packed 1 : {member.file_size // max(1, member.compress_size)}"
    return None


def is_zip(path: Path) -> bool:
    """Whether a file begins like a ZIP archive, whatever its name."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}
    except OSError:
        return False
