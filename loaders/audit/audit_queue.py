"""The local queue: one line an event, encrypted, each chained to the one before; its end is anchored in the key ring.

A line is ``{"n", "prev", "event", "mac"}``: ``event`` is sealed with AES-256-GCM, ``mac`` is HMAC-SHA256 over number,
previous mac and sealed event. Changing, removing, adding or reordering lines breaks the chain; cutting the end is seen
by the anchor. Without a real key ring the key ends with the process: then events stay in memory until they are sent.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from loaders.audit.audit_event import AuditFacts, Deed, audit_event
from loaders.auth.secret_keeper import SecretKeeper
from loaders.cache.library_keys import library_keys
from loaders.errors import WorldError

_ANCHOR = "audit-head"
_START = "0" * 64


class AuditBroken(WorldError):
    """The chain does not hold: lines were changed, removed, added or reordered."""

    code = "audit_broken"


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a check of the chain found. ``broken_at``: the first bad line from 1, ``None`` for a sound chain."""

    events: int
    unsent: int
    broken_at: int | None
    reason: str
    is_lasting: bool


class AuditQueue:
    """Appends, verifies and sends. Thread-safe; several processes take turns by a lock on the file."""

    def __init__(self, keeper: SecretKeeper, folder: Path | None = None) -> None:
        keys = library_keys(keeper)
        self._keeper, self._key = keeper, keys.audit_key
        self._cipher = AESGCM(hashlib.sha256(b"diptych/audit/seal" + keys.audit_key).digest())
        self.is_lasting = keys.is_lasting
        self._memory: list[str] = []
        self._memory_sent = 0
        place = folder or platformdirs.user_data_path("diptych") / "audit"
        self._path, self._sent_path = place / "events.jsonl", place / "sent"
        self._lock = threading.Lock()

    def record(self, deed: Deed, facts: AuditFacts) -> None:
        """Append an event; it is on the disk when this returns. Raises ``OSError`` where it cannot be."""
        event = audit_event(deed, facts, dt.datetime.now(dt.UTC))
        with self._lock, self._file_lock():
            lines = self._lines()
            last: dict[str, Any] = json.loads(lines[-1]) if lines else {"n": 0, "mac": _START}
            number = int(last["n"]) + 1
            nonce = secrets.token_bytes(12)
            sealed = nonce + self._cipher.encrypt(nonce, json.dumps(event).encode(), str(number).encode())
            text = base64.b64encode(sealed).decode("ascii")
            mac = self._mac(number, last["mac"], text)
            self._append(json.dumps({"n": number, "prev": last["mac"], "event": text, "mac": mac}))
            if self.is_lasting:
                self._keeper.put(_ANCHOR, f"{number}:{mac}")

    def verify(self) -> AuditVerdict:
        """Check the whole chain and its anchor."""
        with self._lock:
            lines, sent = self._lines(), self._sent()
            anchor = self._keeper.get(_ANCHOR) if self.is_lasting else None
        previous, macs = _START, {0: _START}
        for number, line in enumerate(lines, 1):
            reason = self._flaw(number, previous, line)
            if reason:
                return AuditVerdict(len(lines), max(0, len(lines) - sent), number, reason, self.is_lasting)
            previous = macs[number] = json.loads(line)["mac"]
        if anchor:
            count, _, mac = anchor.partition(":")
            if not hmac.compare_digest(macs.get(int(count), ""), mac):
                reason = "the end of the chain is missing" if int(count) > len(lines) else "the chain was replaced"
                return AuditVerdict(len(lines), max(0, len(lines) - sent), len(lines) + 1, reason, self.is_lasting)
        return AuditVerdict(len(lines), max(0, len(lines) - sent), None, "", self.is_lasting)

    def _flaw(self, number: int, previous: str, line: str) -> str:
        try:
            row = json.loads(line)
            if row["n"] != number:
                return "a line is missing, doubled or out of order"
            if row["prev"] != previous or not hmac.compare_digest(
                self._mac(number, previous, row["event"]), row["mac"]
            ):
                return "a line was changed"
            self._opened(row)
        except (ValueError, KeyError, TypeError, InvalidTag, RecursionError):
            return "a line is unreadable"
        return ""

    def _opened(self, row: dict[str, Any]) -> dict[str, Any]:
        sealed = base64.b64decode(row["event"], validate=True)
        event: dict[str, Any] = json.loads(self._cipher.decrypt(sealed[:12], sealed[12:], str(row["n"]).encode()))
        return event

    def events(self) -> list[dict[str, Any]]:
        """Return all events. Raises ``AuditBroken``."""
        verdict = self.verify()
        if verdict.broken_at is not None:
            raise AuditBroken(f"line {verdict.broken_at}: {verdict.reason}")
        return [self._opened(json.loads(line)) for line in self._lines()]

    def send(self, post: Callable[[dict[str, Any]], object]) -> int:
        """Send what was not sent yet, in order; return how many. Stops at the first error, which is raised."""
        count = 0
        with self._lock:
            lines = self._lines()
            for line in lines[self._sent() :]:
                row = json.loads(line)
                try:
                    event = self._opened(row)
                except (ValueError, KeyError, InvalidTag) as error:
                    raise AuditBroken(f"line {row.get('n')}: it cannot be opened") from error
                post(event)
                count += 1
                self._set_sent(int(row["n"]))
        return count

    def _mac(self, number: int, previous: str, event: str) -> str:
        return hmac.new(self._key, f"{number}\n{previous}\n{event}".encode(), hashlib.sha256).hexdigest()

    def _lines(self) -> list[str]:
        if not self.is_lasting:
            return list(self._memory)
        if not self._path.is_file():
            return []
        text = self._path.read_text(encoding="ascii", errors="replace")
        lines = text.split("\n")
        # A line without its end was cut off by a crash before it counted; the next append begins behind it.
        return [line for line in lines[:-1] if line]

    def _append(self, line: str) -> None:
        if not self.is_lasting:
            self._memory.append(line)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            whole = len("".join(f"{each}\n" for each in self._lines()).encode())
            if size > whole:
                os.ftruncate(descriptor, whole)
                os.lseek(descriptor, whole, os.SEEK_SET)
            os.write(descriptor, f"{line}\n".encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _sent(self) -> int:
        if not self.is_lasting:
            return self._memory_sent
        try:
            return int(self._sent_path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _set_sent(self, number: int) -> None:
        if not self.is_lasting:
            self._memory_sent = number
            return
        part = self._sent_path.with_suffix(".part")
        part.write_text(str(number), encoding="ascii")
        part.replace(self._sent_path)

    @contextlib.contextmanager
    def _file_lock(self) -> Iterator[None]:
        """Keep other processes out while the chain grows. Windows: not verified, one writer is assumed."""
        if not self.is_lasting or os.name == "nt":
            yield
            return
        import fcntl  # noqa: PLC0415 - not on Windows

        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._path.parent / "lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
