"""Which DICOM objects have a picture here, and why the others have none."""

from __future__ import annotations

from pydicom import config
from pydicom.uid import UID

from loaders.discovery.element_values import Elements

_PREFIX = "1.2.840.10008.5.1.4.1.1."
#: Beginning of the SOP class after the common prefix, and the stable word for why it is not shown as a picture.
_REASONS = (
    ("88.59", "key_object_selection"),
    ("88.", "structured_report"),
    ("104.", "encapsulated_document"),
    ("11.", "presentation_state"),
    ("66.4", "segmentation"),
    ("66.7", "segmentation"),
    ("66.5", "surface"),
    ("66.1", "registration"),
    ("66.3", "registration"),
    ("66.", "raw_data"),
    ("67", "real_world_value_mapping"),
    ("9.", "waveform"),
    ("4.2", "spectroscopy"),
    ("481.2", ""),
    ("481.1", ""),
    ("481.", "radiotherapy_object"),
    ("78.", "measurement"),
    ("79.", "measurement"),
    ("80.", "measurement"),
)
_EXACT = {
    "1.2.840.10008.1.3.10": "media_directory",
    "1.2.840.10008.5.1.4.38.1": "hanging_protocol",
    "1.2.840.10008.5.1.4.39.1": "colour_palette",
}
_VIDEO_SYNTAX = "1.2.840.10008.1.2.4.10"


def object_name(sop_class_uid: str) -> str:
    """Return the name of a SOP class, or its UID where it is not a registered one."""
    return UID(sop_class_uid, validation_mode=config.IGNORE).name if sop_class_uid else "unknown"


def object_label(top: Elements) -> str:
    """Return what an object beside the images calls itself, or its series' description."""
    names = ("ContentLabel", "ContentDescription", "DocumentTitle", "StructureSetLabel", "SeriesDescription")
    title = top.item("ConceptNameCodeSequence").text("CodeMeaning")
    return next((text for text in (*(top.text(name) for name in names[:4]), title, top.text(names[4])) if text), "")


def reason_not_displayed(top: Elements, transfer_syntax_uid: str, *, has_pixels: bool) -> str:
    """Return the stable word for why an object has no picture here, or empty for an image."""
    sop_class = top.text("SOPClassUID")
    if sop_class in _EXACT:
        return _EXACT[sop_class]
    if sop_class.startswith(_PREFIX):
        rest = sop_class.removeprefix(_PREFIX)
        for beginning, reason in _REASONS:
            if rest == beginning.rstrip(".") or rest.startswith(
                beginning if beginning.endswith(".") else beginning + "."
            ):
                if reason:
                    return reason
                break
    if has_pixels and transfer_syntax_uid.startswith(_VIDEO_SYNTAX) and len(transfer_syntax_uid) > len(_VIDEO_SYNTAX):
        return "video"
    if has_pixels and (top.number("TotalPixelMatrixColumns") or 0) > (top.number("Columns") or 0):
        return "tiled_slide"
    return "" if has_pixels else "no_pixels"
