"""What of a series speaks for or against hanging it beside another: read once from headers, free of vendors."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compare.linking.stack_places import places_of
from compare.pairing.mr_weighting import weighting_from_times
from compare.pairing.series_words import phase_in, regions_in, tokens_of, weighting_in
from loaders.model.frame_plane import Vector3
from loaders.model.series import Series
from loaders.model.stack import Stack

#: Words in kernel names and how sharp they are: 0 smooth, 1 sharp.
_KERNEL_WORDS = (
    ("LUNG", 0.85), ("BONE", 0.9), ("EDGE", 0.95), ("DETAIL", 0.6), ("STANDARD", 0.4), ("SOFT", 0.2), ("SMOOTH", 0.1),
    ("SHARP", 0.8),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeriesFeatures:
    """Facts of a series as the pairing sees them; ``None`` or empty where the headers do not say."""

    series: Series
    stack: Stack
    is_localiser: bool
    plane: str
    #: Low and high position in mm along the patient axis nearest to the normal, with that axis as 0, 1, 2.
    coverage: tuple[int, float, float] | None
    thickness_mm: float | None
    kernel_sharpness: float | None
    has_contrast: bool | None
    numbers: tuple[tuple[str, float], ...]
    tokens: frozenset[str]
    #: Parts of the body that the headers name, in the words of :mod:`compare.pairing.series_words`.
    regions: frozenset[str]
    #: Phase of contrast and MR weighting; empty where unknown.
    phase: str
    weighting: str
    technique: tuple[tuple[str, str], ...]

    def number(self, name: str) -> float | None:
        """A technique number such as ``TR``, or ``None``."""
        return dict(self.numbers).get(name)


def features_of(series: Series) -> SeriesFeatures | None:
    """Return a series' features by its largest stack, or ``None`` where it has no picture."""
    stacks = [stack for stack in series.stacks if stack.frames]
    if not stacks:
        return None
    stack = max(stacks, key=lambda candidate: len(candidate.frames))
    technique = {name.lower(): value for name, value in series.technique}
    # The protocol's name speaks only where the description says nothing: a scanner's menu would drown its words.
    tokens = tokens_of(series.description) or tokens_of(series.protocol)
    numbers = _numbers(technique, stack)
    return SeriesFeatures(
        series=series,
        stack=stack,
        is_localiser=_is_localiser(stack, series),
        plane=_plane(stack),
        coverage=_coverage(stack),
        thickness_mm=stack.frames[0].slice_thickness_mm,
        kernel_sharpness=_sharpness(technique.get("kernel", ""), tokens),
        has_contrast=_has_contrast(technique, tokens),
        numbers=tuple(numbers.items()),
        tokens=tokens,
        regions=regions_in(tokens | tokens_of(series.body_part)) or regions_in(tokens_of(series.protocol)),
        phase=phase_in(tokens),
        weighting=_weighting(series, technique, numbers, tokens),
        technique=series.technique,
    )


def _numbers(technique: dict[str, str], stack: Stack) -> dict[str, float]:
    split = dict(stack.split_by)
    found = {
        name: _number(technique.get(name.lower(), "") or split.get(name, ""))
        for name in ("TR", "TE", "TI", "b_value", "kVp")
    }
    return {name: value for name, value in found.items() if value is not None}


def _weighting(series: Series, technique: dict[str, str], numbers: dict[str, float], tokens: frozenset[str]) -> str:
    """From the description's words, which know of preparations that times do not tell; else from the times."""
    if series.modality != "MR":
        return ""
    return weighting_in(tokens) or weighting_from_times(
        numbers.get("TR"), numbers.get("TE"), numbers.get("TI"), numbers.get("b_value"), technique.get("sequence", "")
    )


def _is_localiser(stack: Stack, series: Series) -> bool:
    image_type = {part.upper() for part in stack.frames[0].badges.image_type}
    return "LOCALIZER" in image_type or "LOCALIZER" in tokens_of(f"{series.description} {series.protocol}")


def _plane(stack: Stack) -> str:
    places = places_of(stack)
    if places is None:
        return stack.orientation if stack.orientation in ("axial", "coronal", "sagittal", "oblique") else "unknown"
    axis = _main_axis(places.normal_lps)
    # Within 30 degrees of an axis a reader calls it by that axis' name.
    return ("sagittal", "coronal", "axial")[axis] if abs(places.normal_lps[axis]) >= 0.866 else "oblique"


def _coverage(stack: Stack) -> tuple[int, float, float] | None:
    places = places_of(stack)
    if places is None:
        return None
    axis = _main_axis(places.normal_lps)
    sign = 1.0 if places.normal_lps[axis] > 0 else -1.0
    low, high = sorted((sign * places.low_mm, sign * places.high_mm))
    return axis, low - places.reach_mm, high + places.reach_mm


def _main_axis(normal: Vector3) -> int:
    return max(range(3), key=lambda axis: abs(normal[axis]))


def _sharpness(kernel: str, tokens: frozenset[str]) -> float | None:
    """0 smooth to 1 sharp, from the families of kernel names (Siemens B20 to B80, Toshiba FC, Philips and GE words)."""
    name = kernel.upper()
    for word, value in _KERNEL_WORDS:
        if word in name:
            return value
    match = re.search(r"\b[A-Z]{1,2}(\d{2})[A-Z]?\b", name)
    if match:
        number = float(match[1])
        if name.startswith("FC"):  # 0x and 1x body, 5x lung, 3x and 8x bone
            return 0.35 if number < 30 else 0.85
        return min(max((number - 10.0) / 70.0, 0.0), 1.0)
    if tokens & {"LUNG"}:
        return 0.85
    return 0.9 if tokens & {"BONE"} else None


def _has_contrast(technique: dict[str, str], tokens: frozenset[str]) -> bool | None:
    agent = technique.get("contrast", "").strip().upper()
    if agent:
        return agent not in ("NO", "NONE", "N", "0")
    if "NATIVE" in tokens:
        return False
    return True if "CONTRAST" in tokens else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value else None  # noqa: PLR0124 - drops NaN
