"""Discs and folders that the user chooses to keep: their studies into the encrypted library, as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loaders.cache.library import DEFAULT_KEEP_S, Library
from loaders.cache.library_index import KeptStudy, StudyFacts
from loaders.errors import SourceError
from loaders.model.frame import Frame
from loaders.model.study import Study
from loaders.progress import CancelToken, Progress, ProgressCallback, no_progress
from loaders.retrieval.received_header import header_of
from loaders.stores.local_folder import LocalFolder

#: The profile of what came from no store.
IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """What was kept, and the files that could not be read again, with the reason."""

    studies: tuple[KeptStudy, ...]
    failures: tuple[tuple[str, str], ...]


def keep_folder(
    library: Library,
    paths: Sequence[Path],
    *,
    keep_s: float = DEFAULT_KEEP_S,
    progress: ProgressCallback = no_progress,
    cancel: CancelToken,
) -> KeptFolder:
    """Keep every displayable study of folders, files, discs and archives; labelled as imported, not from a store.

    Studies that share one UID but name different patients are kept apart only in the sense that none of them is kept:
    the library knows one patient for a study. Raises ``SourceError``, ``LibraryFull``, ``LibraryBusy``, ``Cancelled``.
    """
    run = _KeepRun(library, LocalFolder(paths), keep_s, progress, cancel)
    try:
        return run.run()
    finally:
        run.source.close()


@dataclass(slots=True)
class _KeepRun:
    library: Library
    source: LocalFolder
    keep_s: float
    progress: ProgressCallback
    cancel: CancelToken
    failures: list[tuple[str, str]] = field(default_factory=list)

    def run(self) -> KeptFolder:
        found = self.source.catalogue(on_found=lambda _found: None, progress=self.progress, cancel=self.cancel)
        by_uid: dict[str, list[Study]] = defaultdict(list)
        for study in found.studies:
            by_uid[study.uid].append(study)
        self.failures += [(uid, "conflict") for uid, same in by_uid.items() if len(same) > 1]
        kept = [self._keep(same[0]) for same in by_uid.values() if len(same) == 1]
        return KeptFolder(tuple(kept), tuple(self.failures))

    def _keep(self, study: Study) -> KeptStudy:
        frames: dict[str, tuple[str, Frame]] = {}
        for series in study.series:
            for stack in series.stacks:
                for frame in stack.frames:
                    frames.setdefault(frame.sop_instance_uid, (series.uid, frame))
        manifest = [(sop, series_uid) for sop, (series_uid, _) in frames.items()]
        writer = self.library.begin(IMPORTED, study.uid, facts_of(study), manifest, keep_s=self.keep_s)
        try:
            missing = writer.missing()
            for done, (sop, (series_uid, frame)) in enumerate(frames.items(), 1):
                self.cancel.raise_if_cancelled()
                self.progress(Progress("keeping", done, len(frames)))
                if sop not in missing:
                    continue
                try:
                    data = self.source.frame_bytes(frame) or frame.location.file.path.read_bytes()
                except (OSError, SourceError):
                    self.failures.append((sop, "unreadable"))
                    continue
                writer.put(sop, series_uid, header_of(memoryview(data)), memoryview(data))
            return writer.finish(set(frames))
        finally:
            writer.close()


def facts_of(study: Study) -> StudyFacts:
    """What the list of kept studies shows of a study."""
    primary = study.patient.primary_identifier
    return StudyFacts(
        patient_id=primary.value if primary else "",
        patient_name=study.patient.name.alphabetic_text or study.patient.name.ideographic_text,
        birth_date=study.patient.birth_date.isoformat() if study.patient.birth_date else "",
        study_date=study.study_date.isoformat() if study.study_date else "",
        description=study.description,
        modalities="/".join(sorted({series.modality for series in study.series})),
        institution=study.institution,
    )
