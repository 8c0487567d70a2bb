"""A saved session and the images it was drawn on: every measurement's values, computed anew from stored values."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from compare.measuring.values import MeasuredValue, values_of
from compare.pairing.roles import study_key_of
from compare.reporting.findings import Findings, MeasuredFrame, findings_of
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import Measurement
from compare.session.session_file import ReadSession, SessionFileError, session_from_json
from loaders.errors import DecodeError
from loaders.model.stack import Stack
from loaders.model.study import Study
from viewer.headless.opened_path import OpenedPath
from viewer.headless.selection import FrameChoice


@dataclass(frozen=True, slots=True)
class MeasuredSession:
    """What a session says of the images at hand. ``left_out`` are the entries of its file that made no sense."""

    session: ComparisonSession
    findings: Findings
    left_out: tuple[str, ...]
    studies: tuple[Study, ...]


def read_session(path: Path) -> ReadSession:
    """Read a session file. Raises ``SessionFileError``."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SessionFileError(f"cannot read the session file {path}: {error}") from error
    return session_from_json(text)


def measure_session(read: ReadSession, images: OpenedPath, series_uid: str | None = None) -> MeasuredSession:
    """Compute every measurement of a session on its own frame; with ``series_uid`` only those on that series."""
    session = read.session
    places: dict[str, MeasuredFrame] = {}
    values: dict[str, tuple[MeasuredValue, ...]] = {}
    chosen = [one for one in session.measurements if series_uid in {None, one.stack.series_uid}]
    for measurement in chosen:
        found = locate(measurement, images.catalogue.studies)
        if found is None:
            continue
        study, choice = found
        places[measurement.identifier] = MeasuredFrame(
            choice.frame, choice.index + 1, study_key_of(study), study.study_date
        )
        values[measurement.identifier] = _values(measurement, choice, images)
    kept = {one.identifier for one in chosen}
    findings = findings_of(session, images.catalogue.studies, places, values)
    narrowed = tuple(one for one in findings.measurements if one.measurement.identifier in kept)
    return MeasuredSession(
        session,
        Findings(findings.points, narrowed, findings.rows, findings.evaluations),
        read.left_out,
        images.catalogue.studies,
    )


def evidence_of(measured: MeasuredSession, images: OpenedPath) -> list[Dataset]:
    """Return the headers of all instances that measurements lie on, each once; unreadable ones are left out."""
    frames = {one.place.frame.sop_instance_uid: one.place.frame for one in measured.findings.measurements if one.place}
    headers: list[Dataset] = []
    for frame in frames.values():
        data = images.source.frame_bytes(frame)
        try:
            stream = io.BytesIO(data) if data is not None else frame.location.file.path
            headers.append(dcmread(stream, stop_before_pixels=True, force=True))
        except (OSError, ValueError, EOFError, AttributeError):
            continue
    return headers


def locate(measurement: Measurement, studies: Sequence[Study]) -> tuple[Study, FrameChoice] | None:
    """Return the study and the frame a measurement was drawn on, ``None`` where it is not among the studies."""
    for study in studies:
        for series in study.series:
            if series.uid != measurement.stack.series_uid:
                continue
            for stack in series.stacks:
                index = _index_in(stack, measurement)
                if index is not None:
                    return study, FrameChoice(stack, index)
    return None


def _index_in(stack: Stack, measurement: Measurement) -> int | None:
    for index, frame in enumerate(stack.frames):
        if measurement.is_on(frame.sop_instance_uid, frame.frame_number):
            return index
    return None


def _values(measurement: Measurement, choice: FrameChoice, images: OpenedPath) -> tuple[MeasuredValue, ...]:
    try:
        volume = images.frame(choice)
    except DecodeError as error:
        return (MeasuredValue("", None, "", reason=error.code),)
    return values_of(measurement, volume)
