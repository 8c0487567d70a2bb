"""The way from stored values to greys of one frame, told step by step in words and numbers (PS3.4 N.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from loaders.model.display import Padding, ValueMapping, Window
from loaders.model.frame import Frame
from loaders.values.display_pixels import GreyChoice, whole_range


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One step: a stable name, one sentence, and its numbers."""

    step: str  # stored, modality, padding, voi, presentation, polarity, colour
    words: str
    numbers: dict[str, float | int | str] = field(default_factory=dict)


def pipeline_steps(frame: Frame, choice: GreyChoice) -> tuple[PipelineStep, ...]:
    """Return the steps in the order in which they are taken, for a window or table that was chosen."""
    if frame.format.is_colour:
        return (_stored(frame), _colour(frame))
    steps = [_stored(frame), _modality(frame.values)]
    if frame.display.padding is not None:
        steps.append(_padding(frame.display.padding))
    steps.append(_voi(frame, choice))
    if frame.display.presentation_table is not None:
        table = frame.display.presentation_table
        words = f"presentation LUT of {len(table.values)} entries"
        steps.append(PipelineStep("presentation", words, {"entries": len(table.values), "bits": table.bits}))
    is_inverted = frame.display.is_inverted != choice.is_inverted
    steps.append(PipelineStep("polarity", "low values white (inverted)" if is_inverted else "low values black"))
    return tuple(steps)


def _stored(frame: Frame) -> PipelineStep:
    layout = frame.format
    kind = {"int": "signed" if layout.is_signed else "unsigned", "float": "float", "double": "double float"}
    words = (
        f"{layout.bits_stored} of {layout.bits_allocated} bits, {kind[layout.number_kind]}, "
        f"{layout.photometric_interpretation}"
    )
    numbers: dict[str, float | int | str] = {
        "bits_stored": layout.bits_stored,
        "bits_allocated": layout.bits_allocated,
        "high_bit": layout.high_bit,
        "samples_per_pixel": layout.samples_per_pixel,
        "photometric_interpretation": layout.photometric_interpretation,
    }
    return PipelineStep("stored", words, numbers)


def _colour(frame: Frame) -> PipelineStep:
    words = f"{frame.format.photometric_interpretation} to RGB, no window"
    if frame.badges.has_icc_profile:
        words += "; the ICC profile is not applied"
    return PipelineStep("colour", words)


def _modality(values: ValueMapping) -> PipelineStep:
    if values.table is not None:
        words = f"modality LUT of {len(values.table.values)} entries, to {values.unit}"
        return PipelineStep("modality", words, {"entries": len(values.table.values), "unit": values.unit.value})
    if (values.slope, values.intercept) == (1.0, 0.0):
        return PipelineStep(
            "modality", f"identity: {values.unit}", {"slope": 1, "intercept": 0, "unit": values.unit.value}
        )
    words = f"stored x {values.slope:g} + {values.intercept:g}, to {values.unit}"
    numbers = {"slope": values.slope, "intercept": values.intercept, "unit": values.unit.value}
    return PipelineStep("modality", words, numbers)


def _padding(padding: Padding) -> PipelineStep:
    ends = f"{padding.low}" if padding.low == padding.high else f"{padding.low} to {padding.high}"
    return PipelineStep(
        "padding", f"stored {ends} is no image and shows black", {"low": padding.low, "high": padding.high}
    )


def _voi(frame: Frame, choice: GreyChoice) -> PipelineStep:
    if choice.window is None and choice.voi_table is not None:
        table = choice.voi_table
        name = f" ({table.explanation})" if table.explanation else ""
        numbers = {"entries": len(table.values), "first": table.first_mapped, "bits": table.bits}
        return PipelineStep("voi", f"VOI LUT of {len(table.values)} entries{name}", dict(numbers))
    window = choice.window or whole_range(frame)
    return PipelineStep("voi", window_words(window, frame), _window_numbers(window))


def window_words(window: Window, frame: Frame) -> str:
    """Return a window in words, with the unit it is in."""
    name = f" ({window.explanation})" if window.explanation else ""
    return f"{window.function} window, centre {window.center:g}, width {window.width:g} {frame.values.unit}{name}"


def _window_numbers(window: Window) -> dict[str, float | int | str]:
    return {"center": window.center, "width": window.width, "function": window.function.value}
