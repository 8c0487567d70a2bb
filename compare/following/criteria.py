"""Published criteria as data tables with their sources: what a rule says stands in resources/criteria, not in code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ResponseCriteria:
    """Numbers of RECIST 1.1. Percentages are signed changes of the sum of diameters."""

    code: str
    source: str
    measurable_diameter_mm: float
    measurable_slice_thicknesses: float
    measurable_node_mm: float
    most_targets: int
    most_targets_per_organ: int
    normal_node_mm: float
    partial_response_percent: float
    progression_percent: float
    progression_mm: float


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """When a nodule counts as grown. ``within_days`` is the longest interval the rule speaks of, ``None`` for any."""

    code: str
    source: str
    applies_to: str
    growth_mm: float
    is_inclusive: bool
    within_days: int | None

    def is_growth(self, change_mm: float, days: int) -> bool | None:
        """Whether a change of the mean diameter is growth under this rule; ``None`` where it does not say."""
        if days <= 0 or (self.within_days is not None and days > self.within_days):
            return None
        return change_mm >= self.growth_mm if self.is_inclusive else change_mm > self.growth_mm


@cache
def recist() -> ResponseCriteria:
    """Return RECIST 1.1."""
    stored = json.loads(_text("recist_1_1.json"))
    return ResponseCriteria(
        code=stored["code"],
        source=stored["source"],
        measurable_diameter_mm=stored["measurable"]["longest_diameter_mm"],
        measurable_slice_thicknesses=stored["measurable"]["slice_thicknesses"],
        measurable_node_mm=stored["measurable"]["node_short_axis_mm"],
        most_targets=stored["targets"]["most"],
        most_targets_per_organ=stored["targets"]["most_per_organ"],
        normal_node_mm=stored["normal_node_short_axis_mm"],
        partial_response_percent=stored["partial_response_percent_of_baseline"],
        progression_percent=stored["progression_percent_of_nadir"],
        progression_mm=stored["progression_absolute_mm"],
    )


@cache
def growth_rules() -> tuple[GrowthRule, ...]:
    """Return the growth rules for pulmonary nodules, each to be shown under its own name."""
    return tuple(
        GrowthRule(
            code=row["code"],
            source=row["source"],
            applies_to=row["applies_to"],
            growth_mm=row["growth_mm"],
            is_inclusive=row["is_inclusive"],
            within_days=row["within_days"],
        )
        for row in json.loads(_text("growth_rules.json"))
    )


def _text(name: str) -> str:
    return files("resources").joinpath("criteria", name).read_text("utf-8")
