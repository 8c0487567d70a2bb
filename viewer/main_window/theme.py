"""Colours and type of the window: quiet dark grey around black pictures, figures of one width, Chinese by region."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True, slots=True)
class Colours:
    """The whole palette. Signal colours are for thin strokes and words, never for large areas."""

    image: str = "#000000"
    chrome: str = "#14161A"
    raised: str = "#1B1E23"
    control: str = "#262A31"
    line: str = "#343A43"
    text: str = "#C7CDD6"
    quiet: str = "#8A93A0"
    current: str = "#6CB8FF"
    prior: str = "#F2B65A"
    warning: str = "#E8C547"
    danger: str = "#FF6B5E"
    fine: str = "#6FCF97"


COLOURS = Colours()

#: Sizes in device-independent pixels, so that they follow the screen's scale (100 to 200 %).
TEXT_PX = 13
SMALL_TEXT_PX = 12

_LATIN_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Ubuntu")
_HONG_KONG_FAMILIES = ("Noto Sans CJK HK", "Noto Sans HK", "Microsoft JhengHei UI", "PingFang HK")
_MAINLAND_FAMILIES = ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei UI", "PingFang SC")


def font_families(language: str) -> list[str]:
    """Return families in order of preference for ``en``, ``zh_HK`` or ``zh_CN``.

    One Unicode character is drawn differently in Hong Kong and on the mainland, so the region's face comes first and
    the other one stays behind it for characters the first lacks.
    """
    if language.replace("-", "_").startswith(("zh_CN", "zh_Hans")):
        chinese = _MAINLAND_FAMILIES + _HONG_KONG_FAMILIES
    else:
        chinese = _HONG_KONG_FAMILIES + _MAINLAND_FAMILIES
    return [*_LATIN_FAMILIES, *chinese, "DejaVu Sans", "sans-serif"]


def application_font(language: str) -> QFont:
    """Return the sans face with tabular figures, so that counting numbers do not make a line tremble."""
    font = QFont()
    font.setFamilies(font_families(language))
    font.setPixelSize(TEXT_PX)
    font.setWeight(QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return font


def style_sheet() -> str:
    """Return the style sheet with every ``@name`` replaced by the palette's colour."""
    text = files("resources").joinpath("themes", "dark.qss").read_text(encoding="utf-8")
    # Longest name first: a name that begins another one must not eat it.
    for name in sorted((field.name for field in fields(Colours)), key=len, reverse=True):
        text = text.replace(f"@{name}", getattr(COLOURS, name))
    return text


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    table = {
        role.Window: COLOURS.chrome,
        role.WindowText: COLOURS.text,
        role.Base: COLOURS.raised,
        role.AlternateBase: COLOURS.control,
        role.Text: COLOURS.text,
        role.Button: COLOURS.control,
        role.ButtonText: COLOURS.text,
        role.BrightText: COLOURS.danger,
        role.ToolTipBase: COLOURS.control,
        role.ToolTipText: COLOURS.text,
        role.Highlight: COLOURS.line,
        role.HighlightedText: COLOURS.text,
        role.PlaceholderText: COLOURS.quiet,
        role.Link: COLOURS.current,
    }
    for colour_role, colour in table.items():
        palette.setColor(colour_role, QColor(colour))
    for colour_role in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, colour_role, QColor(COLOURS.quiet))
    return palette


def apply_theme(application: QApplication, language: str = "en") -> None:
    """Dress the application. Call again after a change of language: the Chinese face follows the region."""
    application.setStyle("Fusion")
    application.setPalette(_palette())
    application.setFont(application_font(language))
    application.setStyleSheet(style_sheet())
