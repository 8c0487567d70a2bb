"""Fictitious studies for the panels, as frozen values: no files behind them."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

from loaders.model.display import FrameBadges
from loaders.model.frame import Frame
from loaders.model.identifiers import PatientIdentifier
from loaders.model.patient import Patient, PersonName
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.series import Equipment, Series
from loaders.model.stack import Stack, StackKey, StackKind, StackWarning, StackWarningCode
from loaders.model.study import Catalogue, Study
from loaders.model.units import PixelSpacing, SpacingBasis

LONG_NAME = PersonName("VON HOHENZOLLERN-SIGMARINGEN^MARIA ANTOINETTE^ELISABETH", "歐陽^嘉穎美玲")
CHAN = Patient(
    PersonName("CHAN^TAI MAN", "陳^大文"), (PatientIdentifier("A123456(3)", "HKID"),), date(1958, 3, 12), "M"
)
CHAN_AT_LAB = Patient(CHAN.name, (PatientIdentifier("LAB-00417", "LAB B"),), CHAN.birth_date, "M")
WONG = Patient(LONG_NAME, (PatientIdentifier("G123456(A)", "HKID"),), date(1971, 12, 1), "F")
HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>&amp;"

_FORMAT = PixelFormat(512, 512, 1, "MONOCHROME2", 16, 12, 11, True, "1.2.840.10008.1.2.1")


def frames(count: int, *, lossy: bool = False) -> tuple[Frame, ...]:
    return tuple(
        Frame(
            sop_instance_uid=f"1.2.3.{number}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            instance_number=number,
            frame_number=1,
            format=_FORMAT,
            location=PixelLocation(FileLocator(Path("nowhere.dcm"))),
            spacing=PixelSpacing(0.7, 0.7, SpacingBasis.GEOMETRY),
            badges=FrameBadges(is_lossy=lossy),
        )
        for number in range(1, count + 1)
    )


def series(
    study_uid: str,
    number: int,
    modality: str = "CT",
    description: str = "lung 2.0",
    *,
    count: int = 3,
    warning: StackWarningCode | None = None,
    lossy: bool = False,
    institution: str = "",
    expected: int | None = None,
) -> Series:
    uid = f"{study_uid}.{number}"
    stack = Stack(
        StackKey(study_uid, uid, "1"),
        StackKind.VOLUME,
        frames(count, lossy=lossy),
        warnings=(StackWarning(warning),) if warning else (),
    )
    return Series(
        uid,
        modality,
        description,
        number,
        equipment=Equipment(institution=institution),
        stacks=(stack,),
        instances=count,
        expected_instances=expected,
    )


def study(
    uid: str,
    day: date | None,
    patient: Patient = CHAN,
    *,
    count: int = 2,
    description: str = "CT CHEST",
    institution: str = "Hospital A",
    listed: tuple[Series, ...] | None = None,
) -> Study:
    rows = listed if listed is not None else tuple(series(uid, number) for number in range(1, count + 1))
    return Study(uid, patient, day, time(9, 30), description, institution, series=rows)


CURRENT = study(
    "1.1",
    date(2025, 6, 2),
    listed=(
        series("1.1", 1, "CT", "Topogram", count=1),
        series("1.1", 4, "CT", "lung 2.0 Br59", count=143),
        series("1.1", 5, "CT", "mediastinum", count=812, expected=1000),
    ),
)
PRIOR = study(
    "1.2",
    date(2024, 5, 17),
    CHAN_AT_LAB,
    description="CT Thorax with contrast",
    institution="Laboratory B 聖德肋撒醫院",
    listed=(
        series("1.2", 2, "CT", "B60f 胸部 肺窗 薄層重建", count=114, warning=StackWarningCode.UNEVEN_SPACING),
        series("1.2", 3, "CT", "B30f", count=114, lossy=True),
    ),
)
OLD = study("1.3", date(2019, 5, 20), description="CHEST PA", listed=(series("1.3", 1, "DX", "PA", count=1),))
OTHER_PATIENT = study(
    "1.4",
    date(2023, 1, 9),
    WONG,
    description="PET-CT whole body",
    listed=(series("1.4", 1, "PT", "WB AC", count=300), series("1.4", 2, "CT", "WB low dose", count=300)),
)
CATALOGUE = Catalogue((CURRENT, PRIOR, OLD, OTHER_PATIENT))
