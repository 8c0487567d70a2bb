"""Are these two studies of one person? Three verdicts, with the fields they rest on.

*agree*: one identifier of the same kind and issuer on both sides, and nothing contradicts. *unproven*: nothing
contradicts, but nothing proves it either: the usual case of a disc from another institution. *conflict*: something
contradicts. Names support and never prove; that two names are spelt differently is not a conflict by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compare.identity.person_names import NameLikeness, compare_names
from loaders.model.identifiers import PatientIdentifier
from loaders.model.study import Study


class Verdict(StrEnum):
    """What the fields say together."""

    AGREE = "agree"
    UNPROVEN = "unproven"
    CONFLICT = "conflict"


class FieldResult(StrEnum):
    """What one field says. ``DIFFERENT`` weighs nothing by itself (names); ``CONFLICT`` does."""

    AGREE = "agree"
    SIMILAR = "similar"
    DIFFERENT = "different"
    MISSING = "missing"
    UNPROVEN = "unproven"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One row of the table: the field, what either side says (empty: not provided), the result, a reason code."""

    field: str
    current: str
    prior: str
    result: FieldResult
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IdentityVerdict:
    """The verdict, its table, and the fields by which an unproven match is supported (``name``, ``birth_date`` ...)."""

    verdict: Verdict
    fields: tuple[FieldComparison, ...]

    @property
    def matched_by(self) -> tuple[str, ...]:
        """Fields that speak for one person, for the tag that names them."""
        return tuple(row.field for row in self.fields if row.result in (FieldResult.AGREE, FieldResult.SIMILAR))


def compare_identity(current: Study, prior: Study) -> IdentityVerdict:
    """Hold two studies' patients against each other, field by field."""
    a, b = current.patient, prior.patient
    fields = (
        _identifiers(current, prior),
        _name(current, prior),
        _plain(
            "birth_date",
            a.birth_date.isoformat() if a.birth_date else "",
            b.birth_date.isoformat() if b.birth_date else "",
        ),
        _sex(a.sex, b.sex),
    )
    results = [row.result for row in fields]
    if FieldResult.CONFLICT in results:
        return IdentityVerdict(Verdict.CONFLICT, fields)
    identifier, name = fields[0].result, fields[1].result
    # An identifier proves only together with a name that is not another one altogether.
    proven = identifier is FieldResult.AGREE and name is not FieldResult.DIFFERENT
    # A missing birth date or sex leaves a shared identifier of one issuer to carry it alone: that is not two of a kind.
    proven = proven and FieldResult.MISSING not in results[2:]
    if proven:
        return IdentityVerdict(Verdict.AGREE, fields)
    if not _is_supported(fields):
        # Two strangers' discs: nothing but absence, or a number that repeats, speaks for one person.
        return IdentityVerdict(Verdict.CONFLICT, fields)
    return IdentityVerdict(Verdict.UNPROVEN, fields)


def _is_supported(fields: tuple[FieldComparison, ...]) -> bool:
    """Whether enough speaks for one person to ask the reader.

    Another name altogether needs an identifier of one issuer, birth date and sex against it: people marry, and clerks
    misspell, but equal numbers of two laboratories with two names are two people.
    """
    identifier, name, birth_date, sex = fields
    speaks = (FieldResult.AGREE, FieldResult.SIMILAR)
    if name.result is FieldResult.DIFFERENT:
        return all(row.result is FieldResult.AGREE for row in (identifier, birth_date, sex))
    if identifier.result is FieldResult.AGREE or identifier.reason in ("other_issuer", "issuer_unknown"):
        return True
    return identifier.result is FieldResult.MISSING or name.result in speaks or birth_date.result in speaks


def _identifiers(current: Study, prior: Study) -> FieldComparison:
    ours = [identifier for identifier in current.patient.identifiers if identifier.normal]
    theirs = [identifier for identifier in prior.patient.identifiers if identifier.normal]
    shown = (", ".join(i.value for i in ours), ", ".join(i.value for i in theirs))
    if not ours or not theirs:
        return FieldComparison("identifier", *shown, FieldResult.MISSING, "missing")
    pairs = [(a, b) for a in ours for b in theirs]
    same_kind = [(a, b) for a, b in pairs if _is_one_kind(a, b, current, prior)]
    if any(a.normal == b.normal for a, b in same_kind):
        # One person may carry several numbers of a hospital, but never two identity cards.
        if any(a.is_hkid and b.is_hkid and a.normal != b.normal for a, b in same_kind):
            return FieldComparison("identifier", *shown, FieldResult.CONFLICT, "other_value")
        return FieldComparison("identifier", *shown, FieldResult.AGREE)
    if same_kind:
        return FieldComparison("identifier", *shown, FieldResult.CONFLICT, "other_value")
    equal = [(a, b) for a, b in pairs if a.normal == b.normal]
    if equal:
        has_issuers = any(a.issuer and b.issuer for a, b in equal)
        reason = "other_issuer" if has_issuers else "issuer_unknown"
        return FieldComparison("identifier", *shown, FieldResult.UNPROVEN, reason)
    return FieldComparison("identifier", *shown, FieldResult.UNPROVEN, "not_of_one_kind")


def _is_one_kind(a: PatientIdentifier, b: PatientIdentifier, current: Study, prior: Study) -> bool:
    """Whether two identifiers were given out by one body, so that equal means equal and different means different."""
    if a.is_hkid and b.is_hkid:
        return True  # the card's number says by itself what it is; its check digit has been verified
    if a.is_hkid != b.is_hkid:
        return False
    issuer_a, issuer_b = _folded(a.issuer), _folded(b.issuer)
    if issuer_a or issuer_b:
        return issuer_a == issuer_b and _folded(a.kind) == _folded(b.kind)
    # Without an issuer the institution gave the number out (PS3.3 C.7.1.1), where both studies name the same one.
    return bool(_folded(current.institution)) and _folded(current.institution) == _folded(prior.institution)


def _name(current: Study, prior: Study) -> FieldComparison:
    a, b = current.patient.name, prior.patient.name
    shown = (_name_text(a.alphabetic_text, a.ideographic_text), _name_text(b.alphabetic_text, b.ideographic_text))
    likeness, reason = compare_names(a, b)
    result = {
        NameLikeness.SAME: FieldResult.AGREE,
        NameLikeness.ALIKE: FieldResult.SIMILAR,
        NameLikeness.DIFFERENT: FieldResult.DIFFERENT,
        NameLikeness.MISSING: FieldResult.MISSING,
        NameLikeness.NOT_COMPARABLE: FieldResult.UNPROVEN,
    }[likeness]
    return FieldComparison("name", *shown, result, reason)


def _sex(current: str, prior: str) -> FieldComparison:
    known = {"M", "F"}
    row = _plain("sex", current, prior)
    if row.result is FieldResult.CONFLICT and not {current, prior} <= known:
        # "O" is written for other and for not asked: it neither agrees with nor contradicts M or F.
        return FieldComparison("sex", current, prior, FieldResult.MISSING, "other")
    return row


def _plain(field: str, current: str, prior: str) -> FieldComparison:
    if not current or not prior:
        return FieldComparison(field, current, prior, FieldResult.MISSING, "missing")
    result = FieldResult.AGREE if current == prior else FieldResult.CONFLICT
    return FieldComparison(field, current, prior, result, "" if current == prior else "other_value")


def _name_text(alphabetic: str, ideographic: str) -> str:
    return " ".join(part for part in (alphabetic, ideographic) if part)


def _folded(text: str) -> str:
    return " ".join(text.upper().split())
