"""The library's index in SQLCipher: which studies are kept, their wrapped keys, the instances of their manifests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher

from loaders.cache.library_errors import LibraryUnreadable
from loaders.discovery.header_scan import HeaderRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS study (
  id TEXT PRIMARY KEY, profile TEXT NOT NULL, study_uid TEXT NOT NULL, wrapped_key BLOB NOT NULL,
  state TEXT NOT NULL, patient_id TEXT, patient_name TEXT, birth_date TEXT, study_date TEXT, description TEXT,
  modalities TEXT, institution TEXT, kept_at REAL NOT NULL, opened_at REAL NOT NULL, expires_at REAL NOT NULL,
  is_pinned INTEGER NOT NULL, UNIQUE (profile, study_uid));
CREATE TABLE IF NOT EXISTS instance (
  study TEXT NOT NULL REFERENCES study(id) ON DELETE CASCADE, sop_uid TEXT NOT NULL, series_uid TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT, file TEXT, length INTEGER, salt BLOB, sha256 BLOB, header TEXT,
  PRIMARY KEY (study, sop_uid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS study_by_date ON study (study_date DESC, id);
CREATE INDEX IF NOT EXISTS study_by_patient ON study (patient_id, study_date DESC);
"""
PLANNED, COMMITTED, QUARANTINED, MISSING = "planned", "committed", "quarantined", "missing"
PARTIAL, COMPLETE = "partial", "complete"


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What the list of kept studies shows. Texts are empty where the study does not say."""

    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    study_date: str = ""
    description: str = ""
    modalities: str = ""
    institution: str = ""


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """One row of the library. Times are seconds since 1970, UTC; counts are instances."""

    id: str
    profile: str
    study_uid: str
    state: str
    facts: StudyFacts
    kept_at: float
    opened_at: float
    expires_at: float
    is_pinned: bool
    expected: int
    committed: int
    quarantined: int
    bytes: int

    @property
    def is_complete(self) -> bool:
        """Whether both manifests agreed and every instance is there."""
        return self.state == COMPLETE and self.committed == self.expected


@dataclass(frozen=True, slots=True)
class KeptInstance:
    """One committed instance: its sealed file, and its header, so that opening needs no scan."""

    sop_uid: str
    series_uid: str
    file: str
    length: int
    salt: bytes
    sha256: bytes
    header: HeaderRecord


_STUDY_COLUMNS = """s.id, s.profile, s.study_uid, s.state, s.patient_id, s.patient_name, s.birth_date, s.study_date,
  s.description, s.modalities, s.institution, s.kept_at, s.opened_at, s.expires_at, s.is_pinned"""
_COUNTS = """(SELECT count(*) FROM instance i WHERE i.study = s.id),
  (SELECT count(*) FROM instance i WHERE i.study = s.id AND i.state = 'committed'),
  (SELECT count(*) FROM instance i WHERE i.study = s.id AND i.state = 'quarantined'),
  (SELECT coalesce(sum(length), 0) FROM instance i WHERE i.study = s.id AND i.state = 'committed')"""


class LibraryIndex:
    """One connection, used by one thread at a time. ``path`` ``None`` is an index in memory."""

    def __init__(self, path: Path | None, key: bytes) -> None:
        self._lock = threading.RLock()
        try:
            self._db = sqlcipher.connect(
                str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
            )
            self._db.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            # Its complaints about a wrong key would go to standard error.
            self._db.execute("PRAGMA cipher_log_level = NONE")
            for setting in (
                "cipher_memory_security = ON", "journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY",
                "secure_delete = ON", "foreign_keys = ON", "busy_timeout = 5000",
            ):  # fmt: skip
                self._db.execute(f"PRAGMA {setting}")
            self._db.executescript(_SCHEMA)
        except sqlcipher.DatabaseError as error:
            raise LibraryUnreadable("the library's index does not open with this key") from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    def studies(self, where: str = "", values: tuple[object, ...] = (), limit: int = -1) -> list[KeptStudy]:
        """Return studies newest first. ``where`` is a condition of ours with ``?`` for every value."""
        sql = f"SELECT {_STUDY_COLUMNS}, {_COUNTS} FROM study s {where} ORDER BY s.study_date DESC, s.id LIMIT ?"  # noqa: S608 - our own words
        with self._lock:
            rows = self._db.execute(sql, (*values, limit)).fetchall()
        return [
            KeptStudy(
                *(row[0], row[1], row[2], row[3], StudyFacts(*row[4:11])),
                *(row[11], row[12], row[13], bool(row[14]), row[15], row[16], row[17], row[18]),
            )
            for row in rows
        ]

    def study(self, profile: str, study_uid: str) -> KeptStudy | None:
        """Return one study, ``None`` where it is not kept."""
        return next(iter(self.studies("WHERE s.profile = ? AND s.study_uid = ?", (profile, study_uid))), None)

    def wrapped_key(self, study: str) -> bytes | None:
        """Return a study's wrapped key, ``None`` once it is destroyed."""
        with self._lock:
            row = self._db.execute("SELECT wrapped_key FROM study WHERE id = ?", (study,)).fetchone()
        return row[0] if row else None

    def plan(
        self, *, study: str, profile: str, study_uid: str, wrapped: bytes, facts: StudyFacts, expires_at: float
    ) -> None:
        """Add a study."""
        now = time.time()
        row = (
            study, profile, study_uid, wrapped, PARTIAL, facts.patient_id, facts.patient_name, facts.birth_date,
            facts.study_date, facts.description, facts.modalities, facts.institution, now, now, expires_at, 0,
        )  # fmt: skip
        with self._lock:
            self._db.execute(f"INSERT INTO study VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608

    def expect(self, study: str, instances: Iterable[tuple[str, str]]) -> None:
        """Add (SOP, series) UIDs of the manifest; those that are there stay as they are."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR IGNORE INTO instance (study, sop_uid, series_uid, state) VALUES (?, ?, ?, 'planned')",
                [(study, sop, series) for sop, series in instances],
            )
            self._db.execute("COMMIT")

    def commit(self, study: str, instances: list[KeptInstance]) -> None:
        """Make a batch of written files part of the study, in one transaction; nothing if its key is gone."""
        rows = [
            (COMMITTED, each.file, each.length, each.salt, each.sha256, json.dumps(each.header), study, each.sop_uid)
            for each in instances
        ]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "UPDATE instance SET state = ?, reason = NULL, file = ?, length = ?, salt = ?, sha256 = ?, header = ?"
                " WHERE study = ? AND sop_uid = ?",
                rows,
            )
            self._db.execute("COMMIT")

    def mark(self, study: str, sop_uid: str, state: str, reason: str) -> None:
        """Note why an instance is not there."""
        with self._lock:
            self._db.execute(
                "UPDATE instance SET state = ?, reason = ?, file = NULL WHERE study = ? AND sop_uid = ?",
                (state, reason, study, sop_uid),
            )

    def set_state(self, study: str, state: str) -> None:
        """Set whether a study is partial or complete."""
        with self._lock:
            self._db.execute("UPDATE study SET state = ? WHERE id = ?", (state, study))

    def touch(self, study: str) -> None:
        """Note that a study was opened now."""
        with self._lock:
            self._db.execute("UPDATE study SET opened_at = ? WHERE id = ?", (time.time(), study))

    def instances(self, study: str) -> list[KeptInstance]:
        """Return what is committed of a study."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sop_uid, series_uid, file, length, salt, sha256, header FROM instance"
                " WHERE study = ? AND state = 'committed' ORDER BY sop_uid",
                (study,),
            ).fetchall()
        return [KeptInstance(row[0], row[1], row[2], row[3], row[4], row[5], json.loads(row[6])) for row in rows]

    def not_there(self, study: str) -> set[str]:
        """Return the SOP UIDs of the manifest that are not committed."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sop_uid FROM instance WHERE study = ? AND state <> 'committed'", (study,)
            ).fetchall()
        return {row[0] for row in rows}

    def destroy(self, study: str) -> list[str]:
        """Delete a study and its key; return the names of its files, which nobody can read any more."""
        with self._lock:
            files = self._db.execute(
                "SELECT file FROM instance WHERE study = ? AND file IS NOT NULL", (study,)
            ).fetchall()
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM instance WHERE study = ?", (study,))
            self._db.execute("DELETE FROM study WHERE id = ?", (study,))
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the deleted key must not live on in the log
        return [row[0] for row in files]

    def files(self) -> dict[str, tuple[str, str]]:
        """Return every committed file: its study and SOP UID."""
        with self._lock:
            rows = self._db.execute("SELECT file, study, sop_uid FROM instance WHERE state = 'committed'").fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}
