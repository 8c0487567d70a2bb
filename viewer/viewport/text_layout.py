"""Places the texts of a viewport: what is mandatory wraps and moves aside, the rest yields in its fixed order.

Pure but for the width of a text, which is asked of a ``TextMeasure``. All lengths are logical pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from viewer.viewport.badges import Tone
from viewer.viewport.corner_texts import Corner, CornerText

COMPACT_BELOW_PX = 300
#: Optional texts are added while the ink of all texts stays under this share of the pane.
INK_BUDGET = 0.045
#: Ink of a line, shadow included, as a share of its width times its height: an upper bound that a test checks.
INK_SHARE = 0.42
MARGIN_PX = 8
#: Optional texts keep this much of the pane's height at the bottom, so that they never meet the edge letters.
_BOTTOM_SHARE = 0.34
_SHORTEST_USEFUL = 8
_BADGE_GAP_PX = 12.0
_ELLIPSIS = "…"
_JOINT = " · "


class TextMeasure(Protocol):
    """What the layout must know of a font."""

    line_height: float

    def width(self, text: str) -> float:
        """Return the advance width of a text."""
        ...


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line of text with its top-left point and size. ``is_shortened`` says that an ellipsis stands for words."""

    text: str
    x: float
    y: float
    width: float
    height: float
    tone: Tone
    badge_code: str = ""
    is_shortened: bool = False


@dataclass(frozen=True, slots=True)
class TextLayout:
    """All placed lines, and whether something was left to the tooltip."""

    lines: tuple[PlacedLine, ...]
    is_compact: bool
    has_yielded: bool


@dataclass(frozen=True, slots=True)
class Pane:
    """The space for text: ``width`` without the slice strip, in logical pixels."""

    width: float
    height: float

    @property
    def is_compact(self) -> bool:
        """Whether there is room for one line only."""
        return min(self.width, self.height) < COMPACT_BELOW_PX

    @property
    def inner_width(self) -> float:
        """Width between the margins."""
        return max(self.width - 2 * MARGIN_PX, 1.0)


@dataclass(slots=True)
class _Line:
    text: str
    tone: Tone
    badge_code: str = ""
    is_shortened: bool = False


def wrap(parts: Sequence[str], width: float, measure: TextMeasure) -> list[str]:
    """Break a text between its parts, then at spaces, at last inside a word; nothing is ever left out."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{_JOINT}{part}" if lines else part
        if lines and measure.width(joined) <= width:
            lines[-1] = joined
        else:
            lines += _wrap_words(part, width, measure)
    return lines


def _wrap_words(text: str, width: float, measure: TextMeasure) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if measure.width(joined) <= width:
            lines[-1:] = [joined]
            continue
        lines += _wrap_letters(word, width, measure)
    return lines


def _wrap_letters(word: str, width: float, measure: TextMeasure) -> list[str]:
    lines = [""]
    for letter in word:
        if lines[-1] and measure.width(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter
    return lines


def shorten(text: str, width: float, measure: TextMeasure) -> str:
    """Return the text cut to the width with an ellipsis, or empty when too little of it would be left."""
    if measure.width(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure.width(text[:middle].rstrip() + _ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _ELLIPSIS if low >= _SHORTEST_USEFUL else ""


def lay_out(texts: Sequence[CornerText], pane: Pane, measure: TextMeasure) -> TextLayout:
    """Place the texts of a pane of 300 pixels or more."""
    left = [text for text in texts if text.corner is Corner.TOP_LEFT]
    right = [text for text in texts if text.corner is Corner.TOP_RIGHT]
    placed = _place_top(left, right, pane, measure)
    optional = sorted((text for text in texts if text.rank > 0), key=lambda text: text.rank)
    bottom, yielded = _place_bottom(optional, placed, pane, measure)
    return TextLayout(tuple(placed + bottom), is_compact=False, has_yielded=yielded)


def lay_out_compact(
    forms: Sequence[Sequence[str]],
    badges: Sequence[CornerText],
    pane: Pane,
    measure: TextMeasure,
    tone: Tone,
) -> TextLayout:
    """Place the one line of a small pane, in the fullest form that fits, with the safety badges beneath it."""
    if not forms:
        return TextLayout((), is_compact=True, has_yielded=False)
    fitting = [form for form in forms if measure.width(_JOINT.join(form)) <= pane.inner_width]
    chosen = fitting[0] if fitting else forms[-1]
    lines = [_Line(text, tone) for text in wrap(chosen, pane.inner_width, measure)]
    placed = _stack_lines(lines, MARGIN_PX, MARGIN_PX, pane, measure, align_right=False)
    placed += _flow(badges, MARGIN_PX + len(lines) * measure.line_height, pane, measure)
    return TextLayout(tuple(placed), is_compact=True, has_yielded=True)


def _flow(badges: Sequence[CornerText], top: float, pane: Pane, measure: TextMeasure) -> list[PlacedLine]:
    """Badges one after the other, as many in a row as fit: each keeps its own colour and can be pointed at."""
    placed: list[PlacedLine] = []
    x, y = float(MARGIN_PX), top
    for badge in badges:
        for text in wrap(badge.parts, pane.inner_width, measure):
            width = measure.width(text)
            if x > MARGIN_PX and x + width > pane.width - MARGIN_PX:
                x, y = float(MARGIN_PX), y + measure.line_height
            placed.append(PlacedLine(text, x, y, width, measure.line_height, badge.tone, badge.badge_code))
            x += width + _BADGE_GAP_PX
    return placed


def _place_top(
    left: Sequence[CornerText],
    right: Sequence[CornerText],
    pane: Pane,
    measure: TextMeasure,
) -> list[PlacedLine]:
    """Side by side where both fit, the left wrapped where that suffices, else the right block under the left."""
    gap = 2 * MARGIN_PX
    right_width = max((measure.width(text.text) for text in right), default=0.0)
    room = pane.inner_width - right_width - gap
    widest_part = max((measure.width(part) for text in left for part in text.parts), default=0.0)
    fits_beside = widest_part <= room
    left_lines = _wrapped(left, room if fits_beside else pane.inner_width, measure)
    placed = _stack_lines(left_lines, MARGIN_PX, MARGIN_PX, pane, measure, align_right=False)
    top = MARGIN_PX if fits_beside else MARGIN_PX + len(left_lines) * measure.line_height
    right_lines = _wrapped(right, pane.inner_width, measure)
    return placed + _stack_lines(right_lines, MARGIN_PX, top, pane, measure, align_right=True)


def _wrapped(texts: Iterable[CornerText], width: float, measure: TextMeasure) -> list[_Line]:
    return [_Line(line, text.tone, text.badge_code) for text in texts for line in wrap(text.parts, width, measure)]


def _stack_lines(
    lines: Iterable[_Line],
    margin: float,
    top: float,
    pane: Pane,
    measure: TextMeasure,
    *,
    align_right: bool,
) -> list[PlacedLine]:
    placed = []
    for row, line in enumerate(lines):
        width = measure.width(line.text)
        x = pane.width - margin - width if align_right else margin
        y = top + row * measure.line_height
        placed.append(
            PlacedLine(line.text, x, y, width, measure.line_height, line.tone, line.badge_code, line.is_shortened),
        )
    return placed


def _place_bottom(
    optional: Sequence[CornerText],
    top: Sequence[PlacedLine],
    pane: Pane,
    measure: TextMeasure,
) -> tuple[list[PlacedLine], bool]:
    """Add optional texts in their order while rows, width and ink allow; the first that does not fit ends it."""
    ink = sum(line.width * line.height for line in top) * INK_SHARE
    budget = pane.width * pane.height * INK_BUDGET
    top_end = max((line.y + line.height for line in top), default=0.0)
    rows = int(min(pane.height * _BOTTOM_SHARE, pane.height - top_end - 2 * MARGIN_PX) // measure.line_height)
    columns: dict[Corner, list[_Line]] = {Corner.BOTTOM_LEFT: [], Corner.BOTTOM_RIGHT: []}
    for text in optional:
        line = _fitted(text, pane, measure)
        if line is None:
            continue
        cost = measure.width(line.text) * measure.line_height * INK_SHARE
        trial = {**columns, text.corner: [*columns[text.corner], line]}
        if ink + cost > budget or not _rows_fit(trial, rows, pane, measure):
            return _bottom_lines(columns, pane, measure), True
        ink += cost
        columns = trial
    shown = sum(len(lines) for lines in columns.values())
    is_cut = shown < len(optional) or any(line.is_shortened for lines in columns.values() for line in lines)
    return _bottom_lines(columns, pane, measure), is_cut


def _fitted(text: CornerText, pane: Pane, measure: TextMeasure) -> _Line | None:
    """Free text takes at most 45 % of the width; a number that has not the whole width yields."""
    if text.may_shorten:
        room = pane.inner_width * 0.45
        # Whole parts yield first: half a number would be another number.
        kept = list(text.parts)
        while len(kept) > 1 and measure.width(_JOINT.join(kept)) > room:
            kept.pop()
        line = shorten(_JOINT.join(kept), room, measure)
        return _Line(line, text.tone, is_shortened=line != text.text) if line else None
    return _Line(text.text, text.tone) if measure.width(text.text) <= pane.inner_width else None


def _rows_fit(
    columns: dict[Corner, list[_Line]],
    rows: int,
    pane: Pane,
    measure: TextMeasure,
) -> bool:
    """Whether both columns, standing on the bottom margin, have the rows and never meet in one of them."""
    left, right = columns[Corner.BOTTOM_LEFT], columns[Corner.BOTTOM_RIGHT]
    if max(len(left), len(right)) > rows:
        return False
    both = zip(reversed(left), reversed(right), strict=False)
    return all(
        measure.width(one.text) + measure.width(other.text) + 2 * MARGIN_PX <= pane.inner_width for one, other in both
    )


def _bottom_lines(
    columns: dict[Corner, list[_Line]],
    pane: Pane,
    measure: TextMeasure,
) -> list[PlacedLine]:
    placed: list[PlacedLine] = []
    for corner, lines in columns.items():
        top = pane.height - MARGIN_PX - len(lines) * measure.line_height
        align_right = corner is Corner.BOTTOM_RIGHT
        placed += _stack_lines(lines, MARGIN_PX, top, pane, measure, align_right=align_right)
    return placed
