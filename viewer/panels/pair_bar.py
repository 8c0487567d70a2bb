"""The line that asks whether two series that hang side by side are of one kind, where that is not certain."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, repolish, shown_text

_DOUBTS = cast(
    "dict[str, str]",
    {
        "contradicts": QT_TRANSLATE_NOOP("PairBar", "something speaks against it"),
        "region_unknown": QT_TRANSLATE_NOOP("PairBar", "nothing shows that they are of the same part of the body"),
        "kind_unknown": QT_TRANSLATE_NOOP("PairBar", "nothing shows that they are weighted alike"),
        "rival": QT_TRANSLATE_NOOP("PairBar", "another series would do as well"),
    },
)


class PairBar(Retranslated):
    """Hidden where the pair is certain. Signal: ``answered(bool are_same_kind)``."""

    answered = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("identityBar")  # looks like the line that asks for the patient
        self._names: tuple[str, str] | None = None
        self._doubts: tuple[str, ...] = ()
        self._is_parted = False
        self._words = PlainLabel(parent=self)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._words.set_tone("warning")
        self._yes, self._no = QPushButton(self), QPushButton(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self._words, 1)
        row.addWidget(self._no)
        row.addWidget(self._yes)
        self._yes.clicked.connect(lambda: self.answered.emit(True))
        self._no.clicked.connect(lambda: self.answered.emit(False))
        self.setProperty("tone", "warning")
        repolish(self)
        self.retranslate()

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._names is not None and not self._is_parted

    def ask(self, current: str, prior: str, doubts: tuple[str, ...]) -> None:
        """Ask of two series, by their names, and say why."""
        self._names, self._doubts, self._is_parted = (current, prior), doubts, False
        self._tell()

    def say_parted(self) -> None:
        """The reader has said that what hangs is not of one kind; it goes on being said while it hangs."""
        self._names, self._is_parted = ("", ""), True
        self._tell()

    def clear(self) -> None:
        """Nothing to ask."""
        self._names = None
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._yes.setText(self.tr("Same kind"))
        self._no.setText(self.tr("Not the same"))
        self._tell()

    def _tell(self) -> None:
        self._yes.setVisible(self.is_asking)
        self._no.setVisible(self.is_asking)
        if self._names is not None:
            self._words.setText(self.tr("You said: not the same kind of series.") if self._is_parted else self._asked())
        self.setVisible(self._names is not None)

    def _asked(self) -> str:
        current, prior = self._names or ("", "")
        why = "; ".join(QCoreApplication.translate("PairBar", _DOUBTS[doubt]) for doubt in self._doubts)
        text = self.tr("Are these the same kind of series? {first} | {second} ({why})")
        return text.format(first=shown_text(current), second=shown_text(prior), why=why)
