"""Technical differences between two series that could explain a change which no disease has made.

From the headers alone, as codes; what neither file states is no difference, what one of them states alone is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compare.pairing.series_features import features_of
from loaders.model.series import Series


class Difference(StrEnum):
    """What differs. Stable words, translated for the screen."""

    SLICE_THICKNESS = "slice_thickness"
    KERNEL = "kernel"
    CONTRAST = "contrast"
    TUBE_VOLTAGE = "tube_voltage"
    ECHO_TIME = "echo_time"
    REPETITION_TIME = "repetition_time"
    SCANNER = "scanner"


@dataclass(frozen=True, slots=True)
class Incomparable:
    """One difference; the two sides in the files' own words, empty where a file says nothing."""

    what: Difference
    current: str
    prior: str


#: Numbers that differ by no more than this share of the larger are called equal: what one protocol varies by.
_SAME_WITHIN = {"slice_thickness_mm": 0.1, "kVp": 0.02, "TE": 0.15, "TR": 0.15}
_NUMBERS = (
    (Difference.SLICE_THICKNESS, "slice_thickness_mm"),
    (Difference.TUBE_VOLTAGE, "kVp"),
    (Difference.ECHO_TIME, "TE"),
    (Difference.REPETITION_TIME, "TR"),
)


def comparability(current: Series, prior: Series) -> tuple[Incomparable, ...]:
    """Return what differs between two series, the most telling for small changes first."""
    ours, theirs = dict(current.technique), dict(prior.technique)
    found: list[Incomparable] = []
    for what, name in _NUMBERS:
        a, b = ours.get(name, ""), theirs.get(name, "")
        if not _is_same_number(a, b, _SAME_WITHIN[name]):
            found.append(Incomparable(what, a, b))
    if _words(ours.get("kernel", "")) != _words(theirs.get("kernel", "")):
        found.append(Incomparable(Difference.KERNEL, ours.get("kernel", ""), theirs.get("kernel", "")))
    with_agent = [_has_contrast(series) for series in (current, prior)]
    if with_agent[0] != with_agent[1]:
        agents = [_agent(series, has) for series, has in zip((current, prior), with_agent, strict=True)]
        found.append(Incomparable(Difference.CONTRAST, *agents))
    scanners = [_scanner(series) for series in (current, prior)]
    if _words(scanners[0]) != _words(scanners[1]):
        found.append(Incomparable(Difference.SCANNER, *scanners))
    order = list(Difference)
    return tuple(sorted(found, key=lambda one: order.index(one.what)))


def _is_same_number(a: str, b: str, within: float) -> bool:
    if not a or not b:
        return not a and not b
    try:
        x, y = float(a), float(b)
    except ValueError:
        return _words(a) == _words(b)
    return abs(x - y) <= within * max(abs(x), abs(y))


def _words(text: str) -> str:
    return " ".join(text.split()).upper()


def _has_contrast(series: Series) -> bool | None:
    """As pairing reads it: from the agent, and from the description; ``None`` where nothing is said."""
    features = features_of(series)
    return features.has_contrast if features is not None else None


def _agent(series: Series, has_contrast: bool | None) -> str:  # noqa: FBT001 - one of three answers
    stated = dict(series.technique).get("contrast", "").strip()
    return stated or {True: "with", False: "without", None: ""}[has_contrast]


def _scanner(series: Series) -> str:
    made = series.equipment
    return " ".join(part for part in (made.manufacturer, made.model) if part)
