"""One line of the bench: what was measured, beside what, against which goal."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """``ratio`` is value / peer_value. ``met`` is ``None`` where it could not be measured; ``note`` says why.

    The note is printed and kept in ``docs/performance.md``; the JSON form has no place for it.
    """

    name: str
    value: float | None
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None
    note: str = ""

    def document(self) -> Document:
        """Return the row in the form of ``resources/schemas/bench.schema.json``."""
        document = asdict(self)
        del document["note"]
        return document


def absolute(name: str, value: float, unit: str, at_most: float, *, note: str = "") -> Row:
    """A value with a limit of its own."""
    goal = f"<= {at_most:g} {unit}"
    return Row(name, _rounded(value), unit, goal=goal, met=value <= at_most, note=note)


def beside(
    name: str, value: float, unit: str, peer: str, peer_value: float, *, at_most: float | None = None, note: str = ""
) -> Row:
    """A value where less is better, with the largest allowed ratio to the peer's; without one it is only told."""
    ratio = value / peer_value
    goal = None if at_most is None else f"<= {at_most:g} x the peer"
    met = None if at_most is None else ratio <= at_most
    return Row(name, _rounded(value), unit, peer, _rounded(peer_value), _rounded(ratio), goal, met, note)


def at_least(name: str, value: float, unit: str, peer: str, peer_value: float, ratio: float, *, note: str = "") -> Row:
    """A rate, where more is better, with the smallest allowed ratio to the peer's."""
    own = value / peer_value
    return Row(
        name,
        _rounded(value),
        unit,
        peer,
        _rounded(peer_value),
        _rounded(own),
        f">= {ratio:g} x the peer",
        own >= ratio,
        note,
    )


def not_measured(name: str, unit: str, goal: str, why: str) -> Row:
    """A row that stays open, and why."""
    return Row(name, None, unit, goal=goal, note=why)


def row_of(document: Document) -> Row:
    """Read a row from its JSON form, with a note where there is one. Raises ``TypeError`` on a strange key."""
    return Row(**document)


def with_note(row: Row, note: str) -> Row:
    """The row with a note added."""
    return replace(row, note="; ".join(filter(None, (row.note, note))))


def _rounded(value: float) -> float:
    """Three digits are all that a shared machine's clock is good for."""
    return float(f"{value:.3g}")
