"""Changed places as a ranked list: a help for the eye that says so, with what else could explain them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from compare.change.candidates import ChangeCandidate, ChangeKind
from compare.change.comparability import Difference, Incomparable
from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text

if TYPE_CHECKING:
    from viewer.jobs.registration_process import ChangeList

_KINDS = cast(
    "dict[ChangeKind, str]",
    {
        ChangeKind.NEW: QT_TRANSLATE_NOOP("ChangesPanel", "new"),
        ChangeKind.GROWN: QT_TRANSLATE_NOOP("ChangesPanel", "grown"),
        ChangeKind.SHRUNK: QT_TRANSLATE_NOOP("ChangesPanel", "shrunk"),
        ChangeKind.GONE: QT_TRANSLATE_NOOP("ChangesPanel", "gone"),
    },
)
_DIFFERENCES = cast(
    "dict[Difference, str]",
    {
        Difference.SLICE_THICKNESS: QT_TRANSLATE_NOOP("ChangesPanel", "slice thickness (mm)"),
        Difference.KERNEL: QT_TRANSLATE_NOOP("ChangesPanel", "kernel"),
        Difference.CONTRAST: QT_TRANSLATE_NOOP("ChangesPanel", "contrast agent"),
        Difference.TUBE_VOLTAGE: QT_TRANSLATE_NOOP("ChangesPanel", "tube voltage (kV)"),
        Difference.ECHO_TIME: QT_TRANSLATE_NOOP("ChangesPanel", "echo time (ms)"),
        Difference.REPETITION_TIME: QT_TRANSLATE_NOOP("ChangesPanel", "repetition time (ms)"),
        Difference.SCANNER: QT_TRANSLATE_NOOP("ChangesPanel", "scanner"),
    },
)


class ChangesState(StrEnum):
    """What the panel can say."""

    NOT_ALIGNED = "not_aligned"
    READY = "ready"
    LOOKING = "looking"
    LISTED = "listed"
    FAILED = "failed"


class ChangesPanel(Retranslated):
    """A list. Signals: ``find_requested()``, ``go_to_requested(int position)``, counted from 0."""

    find_requested = Signal()
    go_to_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ChangesState.NOT_ALIGNED
        self._found: ChangeList | None = None
        self._differences: tuple[Incomparable, ...] = ()
        self.find_button = QPushButton(self)
        self.find_button.clicked.connect(self.find_requested)
        self.table = QTableWidget(0, 4, self)
        self._words, self._warnings, self._help = (PlainLabel(parent=self) for _ in range(3))
        self._build()
        self.retranslate()

    def set_state(
        self, state: ChangesState, found: ChangeList | None = None, differences: Sequence[Incomparable] = ()
    ) -> None:
        """Show another state; the chosen row stays while the list does."""
        new = state, found, tuple(differences)
        if new != (self._state, self._found, self._differences):
            is_other = found is not self._found
            self._state, self._found, self._differences = new
            self._tell()
            if is_other:
                self._fill()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Changed places"))
        self.find_button.setText(self.tr("Find changes"))
        self._help.setText(self.tr("A help for the eye, not a finding: it misses changes and lists what is none."))
        self.table.setHorizontalHeaderLabels(
            [self.tr("Change"), self.tr("Volume"), self.tr("Difference"), self.tr("Score")]
        )
        self._tell()
        self._fill()

    def _build(self) -> None:
        table = self.table
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.cellClicked.connect(lambda row, _column: self.go_to_requested.emit(row))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 8)
        column.setSpacing(6)
        for label in (self._words, self._warnings, self._help):
            label.setWordWrap(True)
        self._warnings.set_tone("warning")
        for label in (self._words, self._help):
            label.setProperty("quiet", True)
        column.addWidget(self._help)
        column.addWidget(self.find_button)
        column.addWidget(self._words)
        column.addWidget(self._warnings)
        column.addWidget(table, 1)
        column.addStretch(0)

    def _tell(self) -> None:
        state, count = self._state, len(self._found.candidates) if self._found is not None else 0
        words = {
            ChangesState.NOT_ALIGNED: self.tr("Two aligned examinations must be on screen."),
            ChangesState.READY: "",
            ChangesState.LOOKING: self.tr("Looking for changes. It goes on in the background."),
            ChangesState.LISTED: self.tr("Places found, the most certain first: {count}").format(count=count),
            ChangesState.FAILED: self.tr("No list could be made. Try again."),
        }
        self._words.setText(words[state])
        self._words.setVisible(bool(words[state]))
        self.find_button.setEnabled(state not in {ChangesState.NOT_ALIGNED, ChangesState.LOOKING})
        lines = [self._difference(one) for one in self._differences]
        heading = self.tr("The two differ in technique, which could explain a change:")
        self._warnings.setText("\n".join([heading, *lines]))
        self._warnings.setVisible(bool(lines) and state is not ChangesState.NOT_ALIGNED)
        self.table.setVisible(state is ChangesState.LISTED)

    def _difference(self, one: Incomparable) -> str:
        what = QCoreApplication.translate("ChangesPanel", _DIFFERENCES[one.what])
        unknown = self.tr("not stated")
        current, prior = (shown_text(side) or unknown for side in (one.current, one.prior))
        return self.tr("{what}: {prior} before, {current} now").format(what=what, prior=prior, current=current)

    def _fill(self) -> None:
        candidates = self._found.candidates if self._found is not None else ()
        self.table.setRowCount(len(candidates))
        for position, candidate in enumerate(candidates):
            for column, text in enumerate(self._cells(candidate)):
                self.table.setItem(position, column, QTableWidgetItem(text))

    def _cells(self, one: ChangeCandidate) -> tuple[str, str, str, str]:
        unit = self._found.unit if self._found is not None else ""
        kind = QCoreApplication.translate("ChangesPanel", _KINDS[one.kind])
        return kind, f"{one.volume_mm3:.0f} mm³", f"{one.contrast:+.0f} {unit}", f"{one.score:.2f}"
