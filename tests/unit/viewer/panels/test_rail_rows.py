"""Rows of the time rail, the eHealth categories and what counts as one patient in a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from loaders.model.identifiers import PatientIdentifier
from loaders.model.patient import Patient, PersonName
from loaders.model.stack import StackWarningCode
from loaders.model.study import Study
from tests.gui.panels.study_samples import CHAN, CHAN_AT_LAB, CURRENT, OLD, OTHER_PATIENT, PRIOR, WONG, series, study
from viewer.panels.rail_rows import (
    WARNING_ORDER,
    PatientRow,
    RailFilter,
    SeriesRow,
    StudyRow,
    is_lossy,
    rail_rows,
    warning_codes,
)
from viewer.panels.study_category import StudyCategory, study_category


@pytest.mark.parametrize(
    ("modalities", "category"),
    [
        (("DX",), StudyCategory.SIMPLE),
        (("US", "OT"), StudyCategory.SIMPLE),
        (("MG",), StudyCategory.SIMPLE),
        (("NM",), StudyCategory.SIMPLE),
        (("XA",), StudyCategory.SIMPLE),
        (("CT", "DX"), StudyCategory.ADVANCED),
        (("MR",), StudyCategory.ADVANCED),
        (("CT", "PT"), StudyCategory.FUSION),
        (("PT", "MR"), StudyCategory.FUSION),
        (("NM", "CT"), StudyCategory.ADVANCED),
        (("OT",), StudyCategory.OTHER),
        ((" ct ",), StudyCategory.ADVANCED),
        ((), StudyCategory.OTHER),
    ],
)
def test_category_is_of_the_whole_study(modalities: tuple[str, ...], category: StudyCategory) -> None:
    listed = tuple(series("1", number, modality) for number, modality in enumerate(modalities))
    assert study_category(study("1", None, listed=listed)) is category


def test_without_a_filter_every_stack_is_a_row() -> None:
    found = rail_rows([CURRENT, PRIOR, OLD, OTHER_PATIENT])
    stacks = [row for row in found.rows if isinstance(row, SeriesRow)]
    assert len(stacks) == 3 + 2 + 1 + 2
    assert len({row.key for row in found.rows}) == len(found.rows)
    assert (found.shown_studies, found.all_studies) == (4, 4)


def test_two_patients_under_one_study_uid_stay_apart() -> None:
    first = replace(study("1", date(2020, 1, 1), CHAN), key="1/a")
    second = replace(study("1", date(2020, 1, 1), WONG), key="1/b")
    found = rail_rows([first, second])
    assert len([row for row in found.rows if isinstance(row, PatientRow)]) == 2
    assert len({row.key for row in found.rows}) == len(found.rows)


def test_undated_studies_are_last_and_times_part_one_day() -> None:
    undated = study("1", None)
    morning = replace(study("2", date(2020, 1, 1)), study_time=time(8))
    evening = replace(study("3", date(2020, 1, 1)), study_time=time(20))
    headings = [row.study.uid for row in rail_rows([undated, morning, evening]).rows if isinstance(row, StudyRow)]
    assert headings == ["3", "2", "1"]


def test_a_longer_interval_leaves_more_room_up_to_a_bound() -> None:
    days = (date(2025, 6, 2), date(2025, 5, 2), date(2024, 5, 2), date(2015, 5, 2), date(1950, 1, 1))
    rows = rail_rows([study(str(n), day) for n, day in enumerate(days)]).rows
    gaps = [row.gap_px for row in rows if isinstance(row, StudyRow)]
    assert gaps[0] == 0
    assert gaps[1] < gaps[2] <= gaps[3] <= gaps[4] <= 36


def patients_listed(*patients: Patient) -> int:
    found = rail_rows([study(str(number), date(2020, 1, number + 1), who) for number, who in enumerate(patients)])
    return len([row for row in found.rows if isinstance(row, PatientRow)])


@pytest.mark.parametrize(
    ("other", "headings"),
    [
        (CHAN, 1),
        (CHAN_AT_LAB, 1),
        (WONG, 2),
        (replace(CHAN, birth_date=date(1985, 3, 12)), 2),
        (replace(CHAN, sex="F"), 2),
        (replace(CHAN, name=PersonName("CHEN^DA WEN", "陳^大文")), 1),
        (replace(CHAN_AT_LAB, birth_date=None), 2),
        (replace(CHAN, identifiers=(PatientIdentifier("B123456(2)", "HKID"),)), 1),
        (replace(CHAN, identifiers=(PatientIdentifier("E364912(5)", "HKID"),)), 2),
        (Patient(PersonName()), 2),
    ],
)
def test_who_stands_under_one_heading(other: Patient, headings: int) -> None:
    assert patients_listed(CHAN, other) == headings
    assert patients_listed(other, CHAN) == headings


def test_two_nameless_patients_are_never_joined() -> None:
    first, second = Patient(PersonName(), sex="M"), Patient(PersonName(), sex="")
    assert patients_listed(first, second) == 2


def test_thousands_of_patients_are_not_compared_each_with_each() -> None:
    asked = 0

    def count(_first: Study, _second: Study) -> bool:
        nonlocal asked
        asked += 1
        return False

    patients = [Patient(PersonName(f"P{n}"), (PatientIdentifier(str(n)),), date(1950, 1, 1)) for n in range(2000)]
    studies = [study(str(number), date(2020, 1, 1), who, count=1) for number, who in enumerate(patients)]
    rail_rows([*studies, study("again", date(2021, 1, 1), replace(patients[7], sex="F"))], same_person=count)
    assert asked == 2


def test_words_must_all_be_found_in_the_study_or_one_series() -> None:
    studies = [CURRENT, PRIOR]

    def listed(text: str) -> list[str]:
        return [
            row.series.description
            for row in rail_rows(studies, RailFilter(text=text)).rows
            if isinstance(row, SeriesRow)
        ]

    assert listed("MEDIASTINUM") == ["mediastinum"]
    assert listed("thorax laboratory") == [item.description for item in PRIOR.series]
    assert listed("thorax b30f") == ["B30f"]
    assert listed("2024-05-17") == [item.description for item in PRIOR.series]
    assert listed("b30f mediastinum") == []


def row_of(**kwargs: object) -> SeriesRow:
    item = series("1", 1, **kwargs)  # type: ignore[arg-type]
    return SeriesRow(study("1", None, listed=(item,)), item, item.stacks[0])


def test_every_warning_has_a_rank() -> None:
    assert set(WARNING_ORDER) == set(StackWarningCode)


def test_incomplete_comes_from_the_sources_count_too() -> None:
    row = row_of(count=3, expected=10, warning=StackWarningCode.GANTRY_TILT)
    assert warning_codes(row) == [StackWarningCode.INCOMPLETE, StackWarningCode.GANTRY_TILT]
    assert row.count_text == "3/10"
    assert row_of(count=3, expected=3).count_text == "3"


def test_one_lossy_frame_makes_a_stack_lossy() -> None:
    assert is_lossy(row_of(lossy=True))
    assert not is_lossy(row_of())
