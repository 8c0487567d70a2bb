"""Hanging protocols in the window: the stages of the one that fits, and "use this layout for studies like this"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from compare.hanging.comparison_choice import comparable_studies
from compare.hanging.hang_stage import hang_stage, protocol_of, with_usable_stages
from compare.hanging.protocol import (
    HangingProtocol,
    ProtocolError,
    Stage,
    built_in_protocols,
    protocol_from_json,
    protocol_to_json,
)
from compare.hanging.protocol_choice import choose_protocol
from compare.linking.known_frames import graph_of
from compare.pairing.roles import newest_first
from loaders.errors import SourceError
from loaders.model.study import Study
from viewer.controllers.hanging_controller import HangingController
from viewer.controllers.session_controller import SessionController
from viewer.panels.protocol_words import kept_words, stage_words

#: What every comparison hangs by itself: no reason to hang anything else.
_PLAIN = frozenset({"compare", "three_time_points", "radiograph_cr", "radiograph_dx"})
_LARGEST_FILE_BYTES = 1_000_000


class ProtocolController(QObject):
    """``folder`` holds the reader's own protocols, ``None`` where nothing is remembered.

    Signals: ``told(words)``, a function that says in the present language what hangs now; ``failed(WorldError)``.
    """

    told = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        session: SessionController,
        hanging: HangingController,
        canvas: Callable[[], tuple[int, int]],
        folder: Path | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._folder = folder
        self._own: tuple[HangingProtocol, ...] | None = None
        self._shown: tuple[str, int] = ("", -1)
        hanging.stage_chooser = lambda: partial(special_stage, self.protocols())

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {
            "next_stage": partial(self._step, 1),
            "previous_stage": partial(self._step, -1),
            "keep_layout": self._keep,
        }

    def protocols(self) -> tuple[HangingProtocol, ...]:
        """The program's protocols and the reader's own; an own one that cannot be read is left out and said once."""
        if self._own is None:
            self._own = tuple(self._read_own())
        return (*built_in_protocols(), *self._own)

    def _step(self, step: int) -> None:
        studies = self._studies()
        match = choose_protocol(self.protocols(), studies) if studies else None
        if match is None:
            self._session.refused.emit("no_protocol")
            return
        protocol, (code, number) = with_usable_stages(match.protocol, studies), self._shown
        # What hangs by itself is the first stage, under whatever name it came.
        at = (max(number, 0) + step) % len(protocol.stages) if code in {"", protocol.code} else 0
        graph, stage = graph_of(studies), protocol.stages[at]
        self._session.apply(lambda before: hang_stage(stage, studies, self._canvas(), graph, before))
        self._shown = (protocol.code, at)
        self.told.emit(partial(stage_words, protocol, at))

    def _keep(self) -> None:
        studies = self._hung()
        if not studies or self._folder is None:
            self._session.refused.emit("nothing_to_keep")
            return
        series = {one.uid: one for study in studies for one in study.series}
        main = studies[0].series[0] if studies[0].series else None
        title = " ".join(filter(None, (main.modality, main.body_part))) if main is not None else ""
        code = f"own-{len(self.protocols()):03d}"
        kept = protocol_of(self._session.session, studies, series, code=code, title=title or code)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{code}.json").write_text(protocol_to_json(kept), "utf-8")
        except OSError as error:
            self.failed.emit(SourceError(f"the layout cannot be kept: {error.strerror or error}"))
            return
        self._own = (*(self._own or ()), kept)
        self._shown = (kept.code, 0)
        self.told.emit(partial(kept_words, kept))

    def _studies(self) -> list[Study]:
        """All studies of the patient on screen, newest first."""
        hung = self._hung()
        return list(comparable_studies(hung[0], self._session.index.catalogue.studies)) if hung else []

    def _hung(self) -> list[Study]:
        found: dict[str, Study] = {}
        for viewport in self._session.session.viewports:
            study = self._session.index.study_of(viewport.stack) if viewport.stack is not None else None
            if study is not None:
                found.setdefault(viewport.study_key, study)
        return list(newest_first(found.values()))

    def _read_own(self) -> list[HangingProtocol]:
        read = []
        for path in sorted(self._folder.glob("*.json")) if self._folder is not None else ():
            try:
                if path.stat().st_size > _LARGEST_FILE_BYTES:
                    raise ProtocolError("too large for a hanging protocol")  # noqa: TRY301 - one way to say it
                read.append(protocol_from_json(path.read_text("utf-8"), is_own=True))
            except ProtocolError as error:
                self.failed.emit(error)
            except (OSError, UnicodeDecodeError):
                self.failed.emit(ProtocolError("a hanging protocol file cannot be read"))
        return read


def special_stage(protocols: Sequence[HangingProtocol], studies: Sequence[Study]) -> Stage | None:
    """Return the first stage of a protocol made for just such studies, where it is more than side by side."""
    match = choose_protocol(protocols, studies)
    return None if match is None or match.protocol.code in _PLAIN else match.protocol.stages[0]
