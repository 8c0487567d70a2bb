"""The line below the pictures: what this is not for, where the images come from, what runs, how much memory is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QToolButton, QWidget

from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import ElidedLabel, PlainLabel, Retranslated, plain_tooltip, shown_text

HEIGHT_PX = 24
_GIGABYTE = 1024**3
_NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class JobLine:
    """A running job: its title in the reader's language, and how far it is (0 to 1), ``None`` while not known."""

    identifier: int
    title: str
    fraction: float | None = None
    can_pause: bool = False
    is_paused: bool = False


class BottomStrip(Retranslated):
    """24 px high. The safety sentence is always there and always whole; the source's name yields.

    Signals: ``cancel_requested(int job identifier)``, ``pause_requested()`` to pause or go on with what can be paused,
    ``problems_requested()``.
    """

    pause_requested = Signal()
    cancel_requested = Signal(int)
    problems_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottomStrip")
        self.setFixedHeight(HEIGHT_PX)
        self._source = ""
        self._jobs: tuple[JobLine, ...] = ()
        self._memory: tuple[int, int] | None = None
        self._counts = (0, 0)
        self._safety = PlainLabel(parent=self)
        self._source_label = ElidedLabel(parent=self, minimum_width=30)
        self._job_label = ElidedLabel(parent=self, minimum_width=60)
        self._bar = QProgressBar(self)
        self._cancel_button = QToolButton(self)
        self._pause_button = QToolButton(self)
        self._problem_button = QToolButton(self)
        self._memory_label = PlainLabel(parent=self)
        self._job_menu = QMenu(self)
        self._build()
        self.retranslate()

    def set_source(self, text: str) -> None:
        """Say where the images come from and how fresh they are, in words already translated."""
        self._source = text
        self._source_label.setText(shown_text(text))

    def set_jobs(self, jobs: Sequence[JobLine]) -> None:
        """Tell what runs now; an empty sequence clears the place."""
        self._jobs = tuple(jobs)
        self._tell_jobs()

    def set_problem_count(self, problems: int, not_displayed: int) -> None:
        """Tell how many files have a problem, and how many sound objects have no picture here."""
        self._counts = (problems, not_displayed)
        self._tell_problems()

    def set_memory(self, used_bytes: int, budget_bytes: int) -> None:
        """Tell the memory that pixels take and may take."""
        self._memory = (used_bytes, budget_bytes)
        self._tell_memory()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._safety.setText(self.tr("Not for primary diagnosis 不作初級診斷用途"))
        dress(self._cancel_button, Icon.CLOSE, self.tr("Cancel"))
        self._tell_jobs()
        self._tell_problems()
        self._tell_memory()

    def _build(self) -> None:
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(70)
        for widget in (self._safety, self._source_label, self._job_label, self._memory_label, self._problem_button):
            widget.setProperty("textSize", "small")
        for label in (self._source_label, self._memory_label):
            label.setProperty("quiet", True)
        self._problem_button.clicked.connect(self.problems_requested)
        self._cancel_button.clicked.connect(self._cancel)
        self._pause_button.clicked.connect(self.pause_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(8)
        row.addWidget(self._safety)
        row.addSpacing(8)
        row.addWidget(self._source_label, 1)
        row.addWidget(self._problem_button)
        row.addWidget(self._job_label)
        row.addWidget(self._bar)
        row.addWidget(self._pause_button)
        row.addWidget(self._cancel_button)
        row.addSpacing(8)
        row.addWidget(self._memory_label)

    def _tell_jobs(self) -> None:
        jobs = self._jobs
        for widget in (self._job_label, self._bar):
            widget.setVisible(bool(jobs))
        self._cancel_button.setVisible(any(not job.can_pause for job in jobs))
        pausable = next((job for job in jobs if job.can_pause), None)
        self._pause_button.setVisible(pausable is not None)
        if pausable is not None and pausable.is_paused:
            dress(self._pause_button, Icon.DEMO, self.tr("Go on"))
        elif pausable is not None:
            dress(self._pause_button, Icon.PAUSE, self.tr("Pause"))
        if not jobs:
            self._job_menu.close()
            return
        known = [job.fraction for job in jobs if job.fraction is not None]
        fraction = min(max(sum(known) / len(known), 0.0), 1.0) if len(known) == len(jobs) else None
        title = shown_text(jobs[0].title) if len(jobs) == 1 else self.tr("{count} jobs").format(count=len(jobs))
        self._job_label.setText(title if fraction is None else f"{title} {fraction:.0%}")
        # Qt draws a bar without a range as "working, extent unknown".
        self._bar.setRange(0, 0 if fraction is None else 100)
        self._bar.setValue(0 if fraction is None else round(fraction * 100))
        self._job_label.setToolTip(plain_tooltip(*(job.title for job in jobs)))

    def _cancel(self) -> None:
        jobs = [job for job in self._jobs if not job.can_pause]
        if len(jobs) == 1:
            self.cancel_requested.emit(jobs[0].identifier)
            return
        self._job_menu.clear()
        for job in jobs:
            # A menu takes "&" for the mark of a shortcut; two of them are one that is shown.
            text = self.tr("Cancel: {job}").format(job=shown_text(job.title)).replace("&", "&&")
            action = self._job_menu.addAction(text)
            action.triggered.connect(lambda _checked, chosen=job.identifier: self.cancel_requested.emit(chosen))
        above = self._cancel_button.mapToGlobal(self._cancel_button.rect().topLeft())
        above.setY(above.y() - self._job_menu.sizeHint().height())
        self._job_menu.popup(above)

    def _tell_problems(self) -> None:
        problems, not_displayed = self._counts
        parts = []
        if problems:
            parts.append(self.tr("Problems: {count}").format(count=problems))
        if not_displayed:
            parts.append(self.tr("Not displayed: {count}").format(count=not_displayed))
        self._problem_button.setText(" · ".join(parts))
        self._problem_button.setVisible(bool(parts))
        self._problem_button.setToolTip(self.tr("Show the files that are not shown as pictures"))

    def _tell_memory(self) -> None:
        self._memory_label.setVisible(self._memory is not None)
        if self._memory is None:
            return
        used, budget = self._memory
        text = self.tr("memory {used} / {budget} GB")
        self._memory_label.setText(text.format(used=f"{used / _GIGABYTE:.1f}", budget=f"{budget / _GIGABYTE:.1f}"))
        self._memory_label.set_tone("warning" if budget and used / budget > _NEARLY_FULL else "")
