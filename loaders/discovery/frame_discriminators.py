"""What may tell a frame from another at the same position: echo, b-value, phase, time, image type, reconstruction.

The list names attributes of the standard, in the order in which a reader would part a series by them. It names no
vendor; which of them really part a series is decided by what varies where a position repeats.
"""

from __future__ import annotations

from sys import intern

from loaders.discovery.element_values import Elements

#: Attributes at the top level of a classic object: name for the reader, keyword.
_CLASSIC = (
    ("view_position", "ViewPosition"),
    ("laterality", "ImageLaterality"),
    ("image_type", "ImageType"),
    ("complex_component", "ComplexImageComponent"),
    ("b_value", "DiffusionBValue"),
    ("echo", "EchoNumbers"),
    ("echo_time_ms", "EchoTime"),
    ("inversion_time_ms", "InversionTime"),
    ("repetition_time_ms", "RepetitionTime"),
    ("flip_angle_deg", "FlipAngle"),
    ("cardiac_phase_percent", "NominalPercentageOfCardiacPhase"),
    ("temporal_position", "TemporalPositionIdentifier"),
    ("trigger_time_ms", "TriggerTime"),
    ("diffusion_direction", "DiffusionDirectionality"),
    ("diffusion_gradient", "DiffusionGradientOrientation"),
    ("sequence_name", "SequenceName"),
    ("kernel", "ConvolutionKernel"),
    ("kvp", "KVP"),
    ("contrast_agent", "ContrastBolusAgent"),
    ("units", "Units"),
    ("rescale_type", "RescaleType"),
    ("slice_thickness_mm", "SliceThickness"),
    ("reconstruction_diameter_mm", "ReconstructionDiameter"),
    ("series_description", "SeriesDescription"),
    ("frame_reference_time_ms", "FrameReferenceTime"),
    ("acquisition", "AcquisitionNumber"),
    ("acquisition_time", "AcquisitionTime"),
    ("acquisition_date_time", "AcquisitionDateTime"),
    ("content_time", "ContentTime"),
)  # fmt: skip

#: Attributes within functional groups: name for the reader, macro, keyword.
_GROUPED = (
    ("b_value", "MRDiffusionSequence", "DiffusionBValue"),
    ("diffusion_direction", "MRDiffusionSequence", "DiffusionDirectionality"),
    ("echo_time_ms", "MREchoSequence", "EffectiveEchoTime"),
    ("cardiac_phase_percent", "CardiacSynchronizationSequence", "NominalPercentageOfCardiacPhase"),
    ("trigger_time_ms", "CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    ("respiratory_phase_percent", "RespiratorySynchronizationSequence", "NominalPercentageOfRespiratoryPhase"),
    ("temporal_position", "FrameContentSequence", "TemporalPositionIndex"),
    ("temporal_offset_ms", "TemporalPositionSequence", "TemporalPositionTimeOffset"),
    ("kernel", "CTReconstructionSequence", "ConvolutionKernel"),
    ("rescale_type", "PixelValueTransformationSequence", "RescaleType"),
    ("stack", "FrameContentSequence", "StackID"),
    ("acquisition", "FrameContentSequence", "FrameAcquisitionNumber"),
    ("acquisition_date_time", "FrameContentSequence", "FrameAcquisitionDateTime"),
)  # fmt: skip

_FRAME_TYPES = ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")

#: Attributes of time and phase: at a single position they make a cine, not many stacks of one frame.
TEMPORAL = frozenset(
    {
        "temporal_position", "temporal_offset_ms", "trigger_time_ms", "cardiac_phase_percent",
        "respiratory_phase_percent", "frame_reference_time_ms", "acquisition_time", "acquisition_date_time",
        "content_time",
    },
)  # fmt: skip

#: Rank of each attribute when several part a series equally well.
RANK = {
    name: rank
    for rank, name in enumerate(dict.fromkeys([name for name, _ in _CLASSIC] + [name for name, _, _ in _GROUPED]))
}

Discriminators = tuple[tuple[str, str], ...]


def classic_discriminators(top: Elements) -> Discriminators:
    """Return the attributes of an object without functional groups."""
    found = []
    for name, keyword in _CLASSIC:
        values = top.texts(keyword)
        if values and any(values):
            found.append((name, intern("\\".join(values))))
    return tuple(found)


def grouped_discriminators(groups: tuple[Elements, ...], frame_type: tuple[str, ...]) -> Discriminators:
    """Return the attributes of one frame of an enhanced object; its own groups come before the shared ones."""
    found: dict[str, str] = {}
    if frame_type:
        found["image_type"] = intern("\\".join(frame_type))
    for group in groups:
        for macro in _FRAME_TYPES:
            component = group.item(macro).text("ComplexImageComponent")
            if component:
                found.setdefault("complex_component", component)
        for number, index in enumerate(group.item("FrameContentSequence").texts("DimensionIndexValues"), start=1):
            found.setdefault(f"dimension_{number}", intern(index))
        for name, macro, keyword in _GROUPED:
            text = "\\".join(group.item(macro).texts(keyword))
            if text:
                found.setdefault(name, intern(text))
        gradient = group.item("MRDiffusionSequence").item("DiffusionGradientDirectionSequence")
        if gradient.texts("DiffusionGradientOrientation"):
            found.setdefault("diffusion_gradient", "\\".join(gradient.texts("DiffusionGradientOrientation")))
    return tuple(sorted(found.items(), key=lambda pair: RANK.get(pair[0], len(RANK))))


def frame_type_of(top: Elements, groups: tuple[Elements, ...]) -> tuple[str, ...]:
    """Return the frame's own type, or the image's."""
    for group in groups:
        for macro in _FRAME_TYPES:
            kinds = group.item(macro).texts("FrameType")
            if kinds:
                return kinds
    return top.texts("ImageType")
