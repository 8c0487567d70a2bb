"""Hanging protocols as data: for which studies, in which grids, which series in which cell; read from JSON files.

A file is described by resources/schemas/hanging_protocol.schema.json. What a file does not say is not asked for.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from loaders.errors import WorldError

_LARGEST_SIDE = 4


class ProtocolError(WorldError):
    """A hanging protocol file cannot be read."""

    code = "protocol_unreadable"


class StudyPlace(StrEnum):
    """Which study a cell shows, by date alone."""

    CURRENT = "current"
    PRIOR_1 = "prior-1"
    PRIOR_2 = "prior-2"

    @property
    def number(self) -> int:
        """Place among the studies, newest first, from 0."""
        return tuple(StudyPlace).index(self)


@dataclass(frozen=True, slots=True)
class SeriesSelector:
    """Which series a cell shows; empty fields ask for nothing.

    ``words`` are description words, any of them; ``partner_of`` is the cell (from 0) whose series' partner in this
    cell's study is shown: then the other fields are not looked at. ``slices`` is ``one`` for a picture, ``many`` for a
    series one scrolls through (tomosynthesis beside its synthetic view).
    """

    modality: str = ""
    plane: str = ""
    laterality: str = ""
    view: str = ""
    slices: str = ""
    words: tuple[str, ...] = ()
    partner_of: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid: whose series, which one, and the code of a window preset to start with."""

    study: StudyPlace = StudyPlace.CURRENT
    series: SeriesSelector = SeriesSelector()
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One grid, filled row by row. ``title`` is a translated code for the protocols of the program, else free words."""

    title: str
    rows: int
    columns: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """For which studies a protocol is meant; empty fields ask for nothing. All that are stated must hold.

    ``modality`` is that of the current study's main series; ``priors`` the least number of comparable priors.
    """

    modality: str = ""
    body_part: str = ""
    words: tuple[str, ...] = ()
    priors: int = 0
    most_priors: int | None = None


@dataclass(frozen=True, slots=True)
class HangingProtocol:
    """A protocol. ``is_own`` tells the reader's own from those of the program; own ones win at equal fit."""

    code: str
    title: str
    conditions: Conditions
    stages: tuple[Stage, ...]
    is_own: bool = False


def protocol_from_json(text: str, *, is_own: bool = False) -> HangingProtocol:
    """Return the protocol that a text holds. Raises ``ProtocolError`` with what is wrong."""
    try:
        stored = json.loads(text)
        conditions = stored.get("conditions", {})
        protocol = HangingProtocol(
            code=_text(stored["code"]),
            title=_text(stored["title"]),
            conditions=Conditions(
                modality=_text(conditions.get("modality", "")),
                body_part=_text(conditions.get("body_part", "")),
                words=_words(conditions.get("words", [])),
                priors=_count(conditions.get("priors", 0)),
                most_priors=None if conditions.get("most_priors") is None else _count(conditions["most_priors"]),
            ),
            stages=tuple(_stage(stage) for stage in stored["stages"]),
            is_own=is_own,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"this is not a sound hanging protocol: {type(error).__name__}: {error}") from error
    if not protocol.stages:
        raise ProtocolError("this hanging protocol has no stage")
    return protocol


def protocol_to_json(protocol: HangingProtocol) -> str:
    """Return the file of a protocol."""
    stored = asdict(protocol)
    stored.pop("is_own")
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


@cache
def built_in_protocols() -> tuple[HangingProtocol, ...]:
    """Return the protocols of the program, by code."""
    folder = files("resources").joinpath("hanging_protocols")
    texts = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(protocol_from_json(text) for _, text in texts)


def _stage(stored: Any) -> Stage:  # noqa: ANN401 - JSON before it is checked
    rows, columns = _count(stored["rows"]), _count(stored["columns"])
    if not (1 <= rows <= _LARGEST_SIDE and 1 <= columns <= _LARGEST_SIDE):
        raise ValueError(f"a grid of {rows} x {columns}")
    cells = tuple(_cell(cell) for cell in stored["cells"])
    if len(cells) > rows * columns:
        raise ValueError(f"{len(cells)} cells in a grid of {rows} x {columns}")
    for index, cell in enumerate(cells):
        partner = cell.series.partner_of
        if partner is not None and not 0 <= partner < index:
            raise ValueError("a partner stands in an earlier cell")
    return Stage(_text(stored["title"]), rows, columns, cells)


def _cell(stored: Any) -> Cell:  # noqa: ANN401 - JSON before it is checked
    series = stored.get("series", {})
    return Cell(
        study=StudyPlace(stored.get("study", StudyPlace.CURRENT)),
        series=SeriesSelector(
            modality=_text(series.get("modality", "")),
            plane=_text(series.get("plane", "")),
            laterality=_text(series.get("laterality", "")),
            view=_text(series.get("view", "")),
            slices=_one_of(series.get("slices", ""), ("", "one", "many")),
            words=_words(series.get("words", [])),
            partner_of=None if series.get("partner_of") is None else _count(series["partner_of"]),
        ),
        preset=_text(stored.get("preset", "")),
    )


def _text(stored: object) -> str:
    if not isinstance(stored, str):
        raise TypeError("not a text")
    return stored


def _one_of(stored: object, words: tuple[str, ...]) -> str:
    if stored not in words:
        raise ValueError(f"{stored!r} is none of {words}")
    return _text(stored)


def _count(stored: object) -> int:
    if isinstance(stored, bool) or not isinstance(stored, int) or stored < 0:
        raise TypeError("not a count")
    return stored


def _words(stored: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON before it is checked
    return tuple(_text(word).upper() for word in stored)
