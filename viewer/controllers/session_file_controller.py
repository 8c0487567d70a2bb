"""Save the session to a file and bring it back: layout, links, offsets, windows, measurements, identity answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from compare.session.comparison_session import ComparisonSession, Viewport
from compare.session.session_file import ReadSession, SessionFileError, session_from_json, session_to_json
from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.session_controller import SessionController
from viewer.jobs.job_runner import JobKind, JobRunner

translate = QCoreApplication.translate

SUFFIX = ".diptych.json"
_MOST_BYTES = 16 << 20


class TargetUnwritable(WorldError):
    """A session cannot be written where the reader wants it."""

    code = "target_unusable"


class SessionFileController(QObject):
    """A file names studies by UID alone. What it says of identity is checked against what is open, as everything is.

    Signals: ``failed(WorldError, str which)``; ``told(Callable[[], str])``, a sentence for the reader.
    """

    failed = Signal(object, str)
    told = Signal(object)

    def __init__(self, session: SessionController, jobs: JobRunner, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"save_session": self.choose_and_save, "load_session": self.choose_and_load}

    def choose_and_save(self) -> None:
        """Ask where, and save."""
        title, kind = (
            translate("SessionFile", "Save the session"),
            translate("SessionFile", "Sessions of Diptych (*{suffix})"),
        )
        name, _ = QFileDialog.getSaveFileName(self._window, title, f"Diptych{SUFFIX}", kind.format(suffix=SUFFIX))
        if name:
            self.save(Path(name))

    def choose_and_load(self) -> None:
        """Ask which, and load."""
        title, kind = (
            translate("SessionFile", "Open a session"),
            translate("SessionFile", "Sessions of Diptych (*{suffix})"),
        )
        name, _ = QFileDialog.getOpenFileName(self._window, title, "", kind.format(suffix=SUFFIX))
        if name:
            self.load(Path(name))

    def save(self, path: Path) -> None:
        """Write the session as it is now."""
        text = session_to_json(self._session.session)

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            _write_whole(path, text)

        self._jobs.start(
            JobKind.READ,
            "quiet save",
            work,
            on_result=lambda _none: self.told.emit(lambda: _saved_words(path)),
            on_error=lambda error: self._fail(error, path),
        )

    def load(self, path: Path) -> None:
        """Bring a session back, as one step that can be undone."""

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> ReadSession:
            return session_from_json(_read_bounded(path))

        self._jobs.start(
            JobKind.READ,
            "quiet load",
            work,
            on_result=self._take,
            on_error=lambda error: self._fail(error, path),
        )

    def _take(self, read: ReadSession) -> None:
        missing = {
            viewport.stack.series_uid
            for viewport in read.session.viewports
            if viewport.stack is not None and viewport.stack not in self._session.stacks
        }
        if not self._session.apply(lambda before: self._fitting(read.session, before)):
            return
        self.told.emit(lambda: self._outcome(len(missing), len(read.left_out)))

    def _fitting(self, read: ComparisonSession, before: ComparisonSession) -> ComparisonSession:
        """Return the session of a file within what is open: the study a stack is of comes from its headers."""
        viewports = tuple(self._fitting_viewport(viewport) for viewport in read.viewports)
        return replace(read, viewports=viewports, generation=before.generation)

    def _fitting_viewport(self, viewport: Viewport) -> Viewport:
        stack = self._session.stacks.get(viewport.stack) if viewport.stack else None
        if stack is None:
            return viewport
        last = len(stack.frames) - 1
        view = replace(viewport.view, frame_index=min(viewport.view.frame_index, last))
        return replace(viewport, view=view)

    def _outcome(self, missing: int, left_out: int) -> str:
        sentences = [translate("SessionFile", "Session restored.")]
        if missing:
            text = translate(
                "SessionFileController",
                "Series that are not open: {count}. Open their folder or disc, and they take their places.",
            )
            sentences.append(text.format(count=missing))
        if left_out:
            sentences.append(
                translate("SessionFile", "Entries that make no sense were left out: {count}.").format(count=left_out)
            )
        return " ".join(sentences)

    def _fail(self, error: BaseException, path: Path) -> None:
        if not isinstance(error, WorldError):
            raise error
        self.failed.emit(error, path.name)


def _saved_words(path: Path) -> str:
    return translate("SessionFile", "Session saved: {name}").format(name=path.name)


def _read_bounded(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MOST_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SessionFileError("this session file cannot be read") from error


def _write_whole(path: Path, text: str) -> None:
    """Write to a new file beside it, then put it in its place: a full disk never costs the session that was there."""
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".diptych-", suffix=".json", delete=False
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise TargetUnwritable(f"the session cannot be written to {path.name}") from error
