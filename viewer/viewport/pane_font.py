"""The type of a viewport's texts: sans, tabular figures, Latin and Chinese, its size following the pane's."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QStaticText

#: Tried in order after the interface's own family; a missing one is skipped by Qt. Hong Kong forms stand first.
CHINESE_FAMILIES = (
    "Noto Sans CJK HK",
    "Noto Sans HK",
    "Microsoft JhengHei UI",
    "PingFang HK",
    "Noto Sans CJK SC",
    "Microsoft YaHei UI",
    "PingFang SC",
)


_KEPT_TEXTS = 2000
#: Below this side the smallest type leaves room for what must be said.
_SMALL_BELOW_PX = 450


def pane_font(base: QFont, width: float, height: float) -> QFont:
    """Return the font for a pane of that many logical pixels: 11 px when small, 12, 13, and 14 px when large."""
    font = QFont(base)
    families = list(dict.fromkeys([*base.families(), *CHINESE_FAMILIES]))
    font.setFamilies(families)
    font.setPixelSize(_pixel_size(min(width, height)))
    font.setItalic(False)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _pixel_size(shorter_side: float) -> int:
    if shorter_side < _SMALL_BELOW_PX:
        return 11
    if shorter_side < 600:
        return 12
    return 13 if shorter_side < 1200 else 14


class FontMeasure:
    """Widths of texts in one font, remembered: most texts of a viewport are the same from paint to paint."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._metrics = QFontMetricsF(font)
        self._widths: dict[str, float] = {}
        self._statics: dict[str, QStaticText] = {}
        self.line_height = float(round(self._metrics.lineSpacing()))
        self.ascent = float(self._metrics.ascent())

    def width(self, text: str) -> float:
        """Advance width in logical pixels."""
        known = self._widths.get(text)
        if known is None:
            if len(self._widths) > _KEPT_TEXTS:
                self._widths.clear()
            known = self._widths[text] = float(self._metrics.horizontalAdvance(text))
        return known

    def static(self, text: str) -> QStaticText:
        """The text with its glyphs laid out, so that painting it several times (rim, then letters) costs that once."""
        known = self._statics.get(text)
        if known is None:
            if len(self._statics) > _KEPT_TEXTS:
                self._statics.clear()
            known = QStaticText(text)
            known.setTextFormat(Qt.TextFormat.PlainText)
            known.prepare(font=self.font)
            self._statics[text] = known
        return known
