"""The document of the verb ``info``, in the form of ``resources/schemas/info.schema.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pydicom.uid import UID

from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Catalogue, Study
from loaders.model.ultrasound_region import UltrasoundRegion
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.model.volume import Volume
from loaders.values.auto_window import auto_window
from loaders.values.display_pixels import GreyChoice, choice_of_file
from loaders.values.pipeline import pipeline_steps
from viewer.headless.info_beside import Beside, key_images_document, real_world_document

NOTHING_BESIDE = Beside()
_BASIS_WORDS = {
    SpacingBasis.GEOMETRY: "millimetres in the patient",
    SpacingBasis.CALIBRATED: "millimetres by calibration",
    SpacingBasis.AT_DETECTOR: "millimetres at the detector: lengths in the patient are smaller",
    SpacingBasis.MAGNIFICATION_CORRECTED: "millimetres at the detector divided by the magnification",
    SpacingBasis.SCANNED: "millimetres on the scanned film",
    SpacingBasis.ULTRASOUND_REGION: "millimetres within the ultrasound region",
    SpacingBasis.PIXELS_ONLY: "pixels only: no length in millimetres is known",
}


def info_document(
    catalogue: Catalogue,
    study: Study,
    series: Series,
    decoded: Mapping[str, Volume | str | None],
    beside: Beside = NOTHING_BESIDE,
) -> dict[str, object]:
    """Return everything there is to say of one series; ``decoded`` gives a frame where a window had to be found."""
    expected = series.expected_instances
    objects = [row for row in catalogue.not_displayed if row.study_uid == study.uid]
    return {
        "study_uid": study.uid,
        "series_uid": series.uid,
        "modality": series.modality,
        "description": series.description,
        "character_set_guessed": series.character_set_guessed,
        "laterality": _laterality(series),
        "completeness": {
            "instances": series.instances,
            "expected_instances": expected,
            "frames": series.frames,
            "is_incomplete": _is_incomplete(series),
        },
        "stacks": [_stack(stack, decoded.get(stack.key.stack_id)) for stack in series.stacks],
        "objects": [
            {
                "sop_instance_uid": row.sop_instance_uid,
                "sop_class": row.sop_class,
                "kind": row.reason,
                "label": row.label,
            }
            for row in objects
        ],
        "key_images": key_images_document(beside, series),
        "real_world_values": real_world_document(beside),
        "warnings": [*warnings_of(series, decoded), *(f"not read: {words}" for words in beside.unreadable)],
    }


def _is_incomplete(series: Series) -> bool:
    codes = {warning.code.value for stack in series.stacks for warning in stack.warnings}
    is_short = series.expected_instances is not None and series.instances < series.expected_instances
    return is_short or not codes.isdisjoint({"incomplete", "missing_slices"})


def _laterality(series: Series) -> dict[str, object]:
    sides = {frame.badges.laterality for stack in series.stacks for frame in stack.frames}
    side = sides.pop() if len(sides) == 1 else "several"
    return {"side": side or "unknown", "is_doubtful": side == "?"}


def _stack(stack: Stack, decoded: Volume | str | None) -> dict[str, object]:
    frame = stack.frames[len(stack.frames) // 2]
    choice, chosen_by = _choice(frame, decoded)
    return {
        "id": stack.key.stack_id,
        "kind": stack.kind.value,
        "orientation": stack.orientation,
        "slices": len(stack.frames),
        "pipeline": [asdict(step) for step in pipeline_steps(frame, choice)],
        "window": _window(choice.window, frame, chosen_by),
        "alternatives": [_window(window, frame, "file") for window in frame.display.windows]
        + [
            {"table": table.explanation or f"VOI LUT {number}"}
            for number, table in enumerate(frame.display.voi_tables, 1)
        ],
        "windows_differ": len({each.display.windows for each in stack.frames}) > 1,
        "spacing": _spacing(frame.spacing),
        "ultrasound_regions": [_region(region) for region in frame.ultrasound_regions],
        "transfer_syntaxes": _syntaxes(stack),
        "lossy": _lossy(stack),
        "image_type": list(frame.badges.image_type),
        "is_derived": frame.badges.is_derived,
        "is_localizer": frame.badges.is_localizer,
        "is_for_processing": frame.badges.for_processing,
        "burned_in_annotation": any(each.badges.burned_in_annotation for each in stack.frames),
        "frame_time_ms": frame.frame_time_ms,
        "warnings": [
            {"code": warning.code.value, "slices": list(warning.slices), "amount": warning.amount}
            for warning in stack.warnings
        ],
    }


def _choice(frame: Frame, decoded: Volume | str | None) -> tuple[GreyChoice, str]:
    """What window the series opens with, and who chose it."""
    wish = choice_of_file(frame)
    if frame.format.is_colour:
        return wish, "none"
    if wish.window is not None or wish.voi_table is not None:
        return wish, "file"
    stored = decoded.frame_array(0) if isinstance(decoded, Volume) else None
    window = auto_window(stored, frame) if stored is not None else None
    return (GreyChoice(window=window), "automatic") if window else (wish, "whole range")


def _window(window: Window | None, frame: Frame, chosen_by: str) -> dict[str, object] | None:
    if window is None:
        return None
    return {
        "center": window.center,
        "width": window.width,
        "function": window.function.value,
        "unit": frame.values.unit.value,
        "name": window.explanation,
        "chosen_by": chosen_by,
    }


def _spacing(spacing: PixelSpacing) -> dict[str, object]:
    return {
        "row_mm": spacing.row_mm if spacing.is_mm else None,
        "column_mm": spacing.column_mm if spacing.is_mm else None,
        "aspect_ratio": spacing.row_mm / spacing.column_mm,
        "basis": spacing.basis.value,
        "words": _BASIS_WORDS[spacing.basis],
        "is_comparable": spacing.is_comparable,
    }


def _region(region: UltrasoundRegion) -> dict[str, object]:
    """One calibrated rectangle; pixels count from 0 here as they do in the file."""
    return {
        "columns": [region.first_column, region.last_column],
        "rows": [region.first_row, region.last_row],
        "is_picture": region.is_picture,
        "across": {"delta": region.across_delta, "unit": region.across_unit.value},
        "down": {"delta": region.down_delta, "unit": region.down_unit.value},
    }


def _syntaxes(stack: Stack) -> list[dict[str, str]]:
    uids = sorted({frame.format.transfer_syntax_uid for frame in stack.frames})
    return [{"uid": uid, "name": UID(uid).name} for uid in uids]


def _lossy(stack: Stack) -> dict[str, object]:
    badges = [frame.badges for frame in stack.frames if frame.badges.is_lossy]
    first = badges[0] if badges else None
    return {
        "is_lossy": bool(badges),
        "frames": len(badges),
        "ratio": first.lossy_ratio if first else None,
        "method": first.lossy_method if first else "",
    }


def warnings_of(series: Series, decoded: Mapping[str, Volume | str | None]) -> list[str]:
    """Return what must be said before anybody reads the series, one sentence each."""
    frames = [frame for stack in series.stacks for frame in stack.frames]
    badges = [frame.badges for frame in frames]
    said = [
        (
            series.expected_instances is not None and series.instances < series.expected_instances,
            f"incomplete: {series.instances} of {series.expected_instances} instances are here",
        ),
        (series.character_set_guessed, "the character set is a guess: names may be wrong"),
        (any(each.laterality == "?" for each in badges), "the file contradicts itself about the side"),
        (any(each.is_lossy for each in badges), "lossy compression: fine detail may be lost or invented"),
        (any(each.burned_in_annotation for each in badges), "text is burned into the pixels"),
        (any(each.for_processing for each in badges), "made for processing, not for presentation"),
        (any(each.has_overlay for each in badges), "overlay planes are present and not shown unless asked for"),
        (any(each.has_shutter for each in badges), "a shutter is present and not applied unless asked for"),
        (any(each.has_icc_profile for each in badges), "an ICC profile is present and not applied"),
        (
            any(frame.spacing.basis is SpacingBasis.PIXELS_ONLY for frame in frames),
            "no length in millimetres is known",
        ),
    ]
    failures = [f"a frame cannot be decoded: {reason}" for reason in decoded.values() if isinstance(reason, str)]
    codes = dict.fromkeys(warning.code.value for stack in series.stacks for warning in stack.warnings)
    return [words for is_true, words in said if is_true] + [code.replace("_", " ") for code in codes] + failures
