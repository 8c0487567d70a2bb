"""Series, patients and studies by their facts, around the stacks of :mod:`tests.support.pictures`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from loaders.model.identifiers import PatientIdentifier
from loaders.model.patient import Patient, PersonName
from loaders.model.series import Equipment, Series
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Study
from tests.support.pictures import SOME_DAY, make_stack


def make_series(
    uid: str = "series-1",
    *,
    modality: str = "CT",
    description: str = "",
    stack: Stack | None = None,
    study: str = "study-1",
    number: int = 1,
    body_part: str = "",
    laterality: str = "",
    view_position: str = "",
    technique: tuple[tuple[str, str], ...] = (),
    equipment: Equipment = Equipment(),  # noqa: B008 - a frozen value
    acquisition_date: date | None = None,
) -> Series:
    """A series of one stack, whose key is made to fit."""
    shown = stack if stack is not None else make_stack()
    keyed = replace(shown, key=StackKey(study, uid, "1"))
    return Series(
        uid=uid,
        modality=modality,
        description=description,
        number=number,
        body_part=body_part,
        laterality=laterality,
        view_position=view_position,
        technique=technique,
        equipment=equipment,
        acquisition_date=acquisition_date,
        stacks=(keyed,),
        instances=len(keyed.frames),
    )


def make_patient(
    name: str = "CHAN^TAI MAN",
    ideographic: str = "",
    *,
    identifier: str = "H123",
    issuer: str = "HOSPITAL",
    birth_date: date | None = date(1955, 5, 5),
    sex: str = "M",
) -> Patient:
    """A person; an empty identifier leaves it out."""
    identifiers = (PatientIdentifier(identifier, issuer),) if identifier else ()
    return Patient(PersonName(name, ideographic), identifiers, birth_date, sex)


def make_study(
    uid: str = "study-1",
    *series: Series,
    day: date | None = SOME_DAY,
    at: time | None = None,
    patient: Patient | None = None,
    institution: str = "",
) -> Study:
    """A study of the series."""
    return Study(
        uid=uid,
        patient=patient if patient is not None else make_patient(),
        study_date=day,
        study_time=at,
        institution=institution,
        series=series,
    )
