"""What the reader has said of pairs, and what pictures show: what the headers of two studies do not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compare.pairing.body_region import RegionShares
from compare.pairing.series_features import SeriesFeatures

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class PairingRule:
    """A correction the reader made: series so described at two times do, or do not, belong side by side."""

    current_description: str
    prior_description: str
    is_pair: bool = True


@dataclass(frozen=True, slots=True)
class PairingKnowledge:
    """Rules, newest last, and by Series Instance UID what part of the body its pictures show."""

    rules: tuple[PairingRule, ...] = ()
    regions: Mapping[str, RegionShares] = field(default_factory=dict)

    def verdict(self, current: SeriesFeatures, prior: SeriesFeatures) -> bool | None:
        """Whether the newest rule for such a pair joins or parts them; ``None`` without one. Either may be newer."""
        names = {rule_name(current), rule_name(prior)}
        for rule in reversed(self.rules):
            if {rule.current_description, rule.prior_description} == names:
                return rule.is_pair
        return None


NOTHING_KNOWN = PairingKnowledge()


def rule_name(features: SeriesFeatures) -> str:
    """Return how a kind of series is named in rules: what holds of the next such examination, never of a patient."""
    series = features.series
    technique = {name.lower(): value for name, value in series.technique}
    if series.description.strip():
        own = [series.description.strip()]
    else:
        thickness = f"{features.thickness_mm:.3g} mm" if features.thickness_mm else ""
        own = [thickness, *(technique.get(name, "") for name in ("kernel", "tr", "te", "ti", "b_value"))]
    plane = "" if features.plane == "unknown" else features.plane
    facts = (series.modality, series.laterality, series.view_position, plane, *own)
    return " ".join(fact for fact in facts if fact)[:_LONGEST_NAME]


def with_rule(rules: Sequence[PairingRule], rule: PairingRule) -> tuple[PairingRule, ...]:
    """Return the rules with one more; joining takes back what else joined either of the two: pairs are one to one."""
    names = {rule.current_description, rule.prior_description}

    def stays(one: PairingRule) -> bool:
        own = {one.current_description, one.prior_description}
        if own == names:
            return False
        clashes = one.current_description == rule.current_description or one.prior_description == rule.prior_description
        return not (rule.is_pair and one.is_pair and clashes)

    return (*filter(stays, rules), rule)


def without_rules_of(rules: Sequence[PairingRule], current: str, prior: str) -> tuple[PairingRule, ...]:
    """Return the rules without those that join either of two series, which belong together of themselves."""
    return tuple(
        one
        for one in rules
        if not (one.is_pair and (one.current_description == current or one.prior_description == prior))
    )
