"""What is streamed to the screen also goes to the encrypted library, without a second request."""

from __future__ import annotations

import threading

from loaders.cache.library import Library
from loaders.cache.study_writer import StudyWriter
from loaders.errors import WorldError
from loaders.model.study import Catalogue
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.keep_folder import facts_of
from loaders.retrieval.series_retrieval import Received


class StreamKeeping:
    """Writers by study. ``put`` never raises: ``error`` says why keeping stopped; the picture goes on."""

    def __init__(self, library: Library, profile: str) -> None:
        self._library, self._profile = library, profile
        self._lock = threading.Lock()
        self._writers: dict[str, StudyWriter] = {}
        self._is_closed = False
        self.error: WorldError | None = None

    def plan(self, catalogue: Catalogue, expected: dict[str, ExpectedInstance]) -> None:
        """Take the manifest of every study. What comes before this is fetched again when the study is completed."""
        for study in catalogue.studies:
            manifest = [(each.sop_uid, each.series_uid) for each in expected.values() if each.study_uid == study.uid]
            try:
                writer = self._library.begin(self._profile, study.uid, facts_of(study), manifest)
            except WorldError as error:
                self.error = error
                return
            with self._lock:
                is_late = self._is_closed or study.uid in self._writers
                if not is_late:
                    self._writers[study.uid] = writer
            if is_late:
                writer.close()

    def put(self, received: Received) -> None:
        """Keep one checked instance."""
        with self._lock:
            writer = self._writers.get(received.expected.study_uid)
        if writer is None or self.error is not None:
            return
        try:
            writer.put(received.expected.sop_uid, received.expected.series_uid, received.record, received.data)
        except WorldError as error:
            self.error = error

    def close(self) -> None:
        """Commit what was put, and drop the keys."""
        with self._lock:
            self._is_closed = True
            writers, self._writers = list(self._writers.values()), {}
        for writer in writers:
            writer.close()
