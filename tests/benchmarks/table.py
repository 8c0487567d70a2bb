"""The bench's rows as a Markdown table, for the terminal and for ``docs/performance.md``."""

from __future__ import annotations

from collections.abc import Iterable

from tests.benchmarks.row import Row

_HEADINGS = ("what", "value", "peer", "peer's value", "ratio", "goal", "met")
_MET = {True: "yes", False: "**no**", None: "-"}


def table(rows: Iterable[Row]) -> str:
    """Return the table, columns aligned; a note stands in brackets behind the name."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    name = f"{row.name} ({row.note})" if row.note else row.name
    peer_value = "" if row.peer_value is None else f"{row.peer_value:g} {row.unit}"
    return (
        name,
        "-" if row.value is None else f"{row.value:g} {row.unit}",
        row.peer or "",
        peer_value,
        "" if row.ratio is None else f"{row.ratio:g}",
        row.goal or "",
        _MET[row.met],
    )
