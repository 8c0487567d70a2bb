"""Whose pictures these are: the cases of the wards of Hong Kong."""

from __future__ import annotations

from datetime import date

import pytest

from compare.identity.person_names import NameLikeness, compare_names
from compare.identity.verdict import Verdict, compare_identity
from loaders.model.patient import Patient, PersonName
from tests.support.examinations import make_patient, make_study

DAY = date(1955, 5, 5)


def verdict(a: Patient, b: Patient, institutions: tuple[str, str] = ("", "")) -> Verdict:
    first = make_study("1", patient=a, institution=institutions[0])
    second = make_study("2", patient=b, institution=institutions[1])
    forwards, backwards = compare_identity(first, second), compare_identity(second, first)
    assert forwards.verdict is backwards.verdict
    assert [row.result for row in forwards.fields] == [row.result for row in backwards.fields]
    return forwards.verdict


def test_one_identifier_of_one_issuer_agrees() -> None:
    assert verdict(make_patient(), make_patient()) is Verdict.AGREE


def test_an_hkid_is_its_own_issuer_in_any_spelling() -> None:
    a = make_patient(identifier="A123456(3)", issuer="")
    assert verdict(a, make_patient(identifier="a1234563", issuer="LAB")) is Verdict.AGREE
    # A wrong check digit makes it no HKID: then it is only a number of an unknown kind.
    wrong = make_patient(identifier="A123456(4)", issuer="")
    assert verdict(wrong, make_patient(identifier="A123456(4)", issuer="LAB")) is Verdict.UNPROVEN
    assert verdict(a, make_patient(identifier="G123456(A)", issuer="LAB")) is Verdict.CONFLICT


def test_the_same_number_of_different_issuers_proves_nothing() -> None:
    assert verdict(make_patient(issuer="LAB A"), make_patient(issuer="LAB B")) is Verdict.UNPROVEN
    assert verdict(make_patient(issuer=""), make_patient(issuer="")) is Verdict.UNPROVEN
    assert verdict(make_patient(issuer=""), make_patient(issuer=""), ("QMH", "QMH")) is Verdict.AGREE
    assert verdict(make_patient(issuer=""), make_patient(issuer=""), ("QMH", "PWH")) is Verdict.UNPROVEN


def test_a_private_disc_is_unproven_by_name_birth_date_and_sex() -> None:
    ours, theirs = make_patient(), make_patient(identifier="LAB-77", issuer="LAB")
    assert verdict(ours, theirs) is Verdict.UNPROVEN
    found = compare_identity(make_study("1", patient=ours), make_study("2", patient=theirs))
    assert found.matched_by == ("name", "birth_date", "sex")


@pytest.mark.parametrize(
    "other",
    [
        make_patient(birth_date=date(1955, 5, 6)),
        make_patient(sex="F"),
        make_patient(identifier="H124"),
        make_patient("WONG^SIU MING", identifier="LAB-1", issuer="LAB"),
        # The same number at two laboratories, another name: two people.
        make_patient("WONG^SIU MING", issuer="LAB"),
        make_patient("WONG^SIU MING", issuer=""),
        # One issuer, but nothing else that could outweigh another name.
        make_patient("WONG^SIU MING", birth_date=None),
    ],
    ids=[
        "birth date",
        "sex",
        "another number of the same issuer",
        "another name and number",
        "other_name_other_laboratory",
        "other_name_no_issuer",
        "other_name_no_birth_date",
    ],
)
def test_contradictions_block(other: Patient) -> None:
    assert verdict(make_patient(), other) is Verdict.CONFLICT


@pytest.mark.parametrize(
    "other",
    [
        make_patient(birth_date=None),
        make_patient(sex=""),
        make_patient(sex="O"),
        make_patient(identifier=""),
        make_patient("WONG^SIU MING"),
    ],
    ids=["no birth date", "no sex", "sex O", "no identifier", "another name on the same number"],
)
def test_what_is_missing_or_odd_needs_a_click(other: Patient) -> None:
    assert verdict(make_patient(), other) is Verdict.UNPROVEN


def test_nobody_with_nobody_is_unproven_and_never_agrees() -> None:
    nobody = Patient(PersonName())
    assert verdict(nobody, nobody) is Verdict.UNPROVEN
    assert verdict(make_patient(), nobody) is Verdict.UNPROVEN


@pytest.mark.parametrize(
    ("a", "b", "likeness", "reason"),
    [
        (("CHAN^TAI MAN", ""), ("CHAN^TAI MAN", ""), NameLikeness.SAME, ""),
        (("CHAN^TAI MAN", ""), ("CHAN^TAI-MAN", ""), NameLikeness.SAME, ""),
        (("CHAN^TAI MAN", ""), ("CHAN^TAIMAN", ""), NameLikeness.ALIKE, "hyphens"),
        (("CHAN^TAI MAN", ""), ("TAI MAN^CHAN", ""), NameLikeness.ALIKE, "order"),
        (("CHAN^TAI MAN", ""), ("TAIMAN CHAN", ""), NameLikeness.ALIKE, "order"),
        (("CHAN^TAI MAN", ""), ("CHEN^TAI MAN", ""), NameLikeness.ALIKE, "romanisation"),
        (("CHAN^TAI MAN^PETER", ""), ("CHAN^TAI MAN", ""), NameLikeness.ALIKE, "part_left_out"),
        (("CHAN^TAI MAN", ""), ("WONG^SIU MING", ""), NameLikeness.DIFFERENT, "other_value"),
        (("", "陳^大文"), ("", "陈^大文"), NameLikeness.ALIKE, "traditional_simplified"),
        (("", "陳^大文"), ("", "陳大文"), NameLikeness.SAME, ""),
        (("", "陳^大文"), ("", "王^小明"), NameLikeness.DIFFERENT, "other_value"),
        (("", "陳^大文"), ("CHAN^TAI MAN", ""), NameLikeness.NOT_COMPARABLE, "other_script"),
        (("CHAN^TAI MAN", "陳^大文"), ("CHEN^DAWEN", "陈^大文"), NameLikeness.ALIKE, "romanisation"),
        # Many people share one romanised name: other characters weaken it.
        (("CHAN^TAI MAN", "陳^大文"), ("CHAN^TAI MAN", "陳^大民"), NameLikeness.ALIKE, "characters_differ"),
        (("", ""), ("CHAN^TAI MAN", ""), NameLikeness.MISSING, "missing"),
    ],
)
def test_names(a: tuple[str, str], b: tuple[str, str], likeness: NameLikeness, reason: str) -> None:
    assert compare_names(PersonName(*a), PersonName(*b)) == (likeness, reason)
    assert compare_names(PersonName(*b), PersonName(*a)) == (likeness, reason)
