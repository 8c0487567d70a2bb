"""A PDF page in millimetres: text, lines and pictures, with the fonts that Chinese needs."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPageSize, QPainter, QPdfWriter, QPen

from viewer.viewport.pane_font import CHINESE_FAMILIES

WIDTH_MM, HEIGHT_MM, MARGIN_MM = 210.0, 297.0, 12.0
_DPI = 300
_PER_MM = _DPI / 25.4
_INK, _QUIET = QColor("#14161A"), QColor("#5A636E")


class Page:
    """One A4 page. Draw, then :meth:`finish` returns the PDF's bytes. All coordinates are mm from the top left."""

    def __init__(self, title: str, language: str) -> None:
        self._bytes = QByteArray()
        self._buffer = QBuffer(self._bytes)
        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(self._buffer)
        writer.setResolution(_DPI)
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle(title)
        writer.setCreator("Diptych")
        self._writer = writer
        self._families = _families(language)
        self._painter = QPainter(writer)

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        width: float,
        points: float = 9.0,
        bold: bool = False,
        quiet: bool = False,
        right: bool = False,
    ) -> float:
        """Draw words wrapped to ``width`` and return the height they took, in mm."""
        font = self._font(points, bold=bold)
        self._painter.setFont(font)
        self._painter.setPen(_QUIET if quiet else _INK)
        flags = int(Qt.TextFlag.TextWordWrap) | int(
            Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        )
        box = QRectF(x * _PER_MM, y * _PER_MM, width * _PER_MM, HEIGHT_MM * _PER_MM)
        taken = self._painter.boundingRect(box, flags, text)
        self._painter.drawText(box, flags, text)
        return taken.height() / _PER_MM

    def line_of_text(self, text: str, x: float, y: float, *, width: float, points: float = 9.0) -> None:
        """Draw one line of words, cut with an ellipsis where it is too long."""
        font = self._font(points, bold=False)
        fitting = QFontMetricsF(font, self._writer).elidedText(text, Qt.TextElideMode.ElideRight, width * _PER_MM)
        self.text(fitting, x, y, width=width + 5.0, points=points)

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, colour: str = "#9AA3AD", width: float = 0.2) -> None:
        """Draw a straight line, ``width`` in mm."""
        self._painter.setPen(QPen(QColor(colour), width * _PER_MM))
        self._painter.drawLine(_point(x0, y0), _point(x1, y1))

    def polyline(self, points: list[tuple[float, float]], *, colour: str, width: float = 0.3) -> None:
        """Draw a line through points."""
        pen = QPen(QColor(colour), width * _PER_MM)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._painter.setPen(pen)
        self._painter.drawPolyline([_point(x, y) for x, y in points])

    def picture(self, image: QImage, x: float, y: float, width: float, height: float) -> None:
        """Draw an image smoothly into a rectangle."""
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=True)
        self._painter.drawImage(QRectF(x * _PER_MM, y * _PER_MM, width * _PER_MM, height * _PER_MM), image)

    def black(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle with black: where a picture lies, there is no paper."""
        self._painter.fillRect(
            QRectF(x * _PER_MM, y * _PER_MM, width * _PER_MM, height * _PER_MM), QColor(Qt.GlobalColor.black)
        )

    def clip(self, x: float, y: float, width: float, height: float) -> None:
        """Draw inside a rectangle only, until :meth:`unclip`."""
        self._painter.save()
        self._painter.setClipRect(QRectF(x * _PER_MM, y * _PER_MM, width * _PER_MM, height * _PER_MM))

    def unclip(self) -> None:
        """End :meth:`clip`."""
        self._painter.restore()

    def finish(self) -> bytes:
        """Close the page and return the file."""
        self._painter.end()
        self._buffer.close()
        return bytes(self._bytes.data())

    def _font(self, points: float, *, bold: bool) -> QFont:
        font = QFont()
        font.setFamilies(self._families)
        font.setPointSizeF(points)
        font.setBold(bold)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font


def _families(language: str) -> list[str]:
    """Latin first, then Chinese in the forms of the language's place."""
    is_simplified = language == "zh_CN"
    chinese = sorted(CHINESE_FAMILIES, key=lambda name: is_simplified != _is_simplified(name))
    return [QFont().defaultFamily(), *chinese]


def _is_simplified(family: str) -> bool:
    return family.endswith((" SC", "YaHei UI"))


def _point(x: float, y: float) -> QPointF:
    return QPointF(x * _PER_MM, y * _PER_MM)
