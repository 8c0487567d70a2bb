"""What the four corners of a viewport say, built from values alone; the layout decides what has room.

Identity, role, date and safety badges are mandatory. The rest yields from its end in the fixed order modality,
description, institution, series, slice and position, window, zoom (display rules R1, R3, R4, R9, R15, R29).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from compare.session.comparison_session import Role
from compare.viewing.view_state import WindowOrigin
from loaders.model.frame import Frame
from loaders.model.identifiers import masked_identifier
from loaders.model.patient import Patient
from loaders.model.series import Series
from loaders.model.stack import StackWarning
from loaders.model.study import Study
from loaders.model.units import SpacingBasis
from viewer.viewport.badges import ROLE_TONES, Badge, Tone, role_text, safety_badges
from viewer.viewport.localised_dates import age_text, date_text, interval_text, time_text
from viewer.viewport.preset_words import preset_text
from viewer.viewport.stack_warnings import warning_text
from viewer.viewport.viewport_model import ViewportModel

translate = QCoreApplication.translate

#: Keeps a value and its label on one line where the layout may break at plain spaces.
NO_BREAK = "\N{NO-BREAK SPACE}"
_AXIS_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
#: A slice is called by its place on a patient axis when its normal lies within this cosine of it (about 1 degree).
_ON_AXIS_COSINE = 0.99985


#: Where a missing side must be said: PS3.16 CID 4031's paired parts, and modalities of paired organs.
_PAIRED_PARTS = frozenset(
    {
        "ANKLE", "ARM", "BREAST", "CALCANEUS", "CLAVICLE", "EAR", "ELBOW", "EYE", "FEMUR", "FIBULA", "FINGER", "FOOT",
        "FOREARM", "HAND", "HIP", "HUMERUS", "KNEE", "LEG", "LOWERLEG", "OPTICCANAL", "ORBIT", "PATELLA", "RADIUS",
        "RADIUSULNA", "SCAPULA", "SHOULDER", "SIJOINT", "THIGH", "THUMB", "TIBIA", "TIBIAFIBULA", "TOE", "ULNA",
        "UPPERARM", "WRIST", "ZYGOMA",
    }
)  # fmt: skip
_PAIRED_MODALITIES = frozenset({"MG", "OP", "OPT"})


class Corner(StrEnum):
    """Where a text stands."""

    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


@dataclass(frozen=True, slots=True)
class CornerText:
    """One text. ``parts`` stay whole; between them the layout may break the line.

    ``rank`` 0 is mandatory; a higher rank yields earlier. ``badge_code`` names the badge that this text is.
    ``may_shorten`` allows an ellipsis: free text of a file, never identity, date or a number.
    """

    corner: Corner
    parts: tuple[str, ...]
    rank: int = 0
    tone: Tone = Tone.NORMAL
    badge_code: str = ""
    may_shorten: bool = False

    @property
    def text(self) -> str:
        """All parts on one line."""
        return " · ".join(self.parts)


def corner_texts(model: ViewportModel) -> tuple[CornerText, ...]:
    """Return all texts of a viewport, mandatory ones first, then in the order in which they keep their place."""
    if model.study is None or model.stack is None:
        return ()
    texts = [*_who(model.study, model), *_when(model.study, model)]
    side = laterality_text(model.series)
    if side:
        tone = Tone.WARNING if side.endswith("?") else Tone.NORMAL
        texts.append(CornerText(Corner.TOP_RIGHT, (side,), tone=tone))
    if model.is_key_image:
        texts.append(CornerText(Corner.TOP_RIGHT, (translate("Viewport", "★ key image"),), tone=Tone.FINE))
    texts += [_badge(badge) for badge in safety_badges(model)]
    texts += [
        CornerText(Corner.TOP_RIGHT, (warning_text(warning),), tone=Tone.WARNING, badge_code="stack")
        for warning in _distinct_warnings(model)
    ]
    texts += _optional(model)
    return tuple(texts)


def compact_lines(model: ViewportModel) -> tuple[tuple[str, ...], ...]:
    """Return the single line of a pane under 300 pixels as parts, fullest form first; the layout takes what fits.

    The last form is role, date and the identifier in full: it is wrapped, never cut.
    """
    if model.study is None or model.stack is None:
        return ()
    when = f"{_role_words(model)}{date_text(model.study.study_date)}"
    name, identifier = name_text(model.study.patient), identifier_text(model.study.patient)
    return ((when, name, identifier), (when, identifier))


def tooltip_lines(model: ViewportModel) -> tuple[str, ...]:
    """Return everything there is to say, for the tooltip; the identifier is masked here, as in every title."""
    if model.study is None or model.stack is None:
        return ()
    patient = model.study.patient
    identifier = patient.primary_identifier
    masked = masked_identifier(identifier.value) if identifier else identifier_text(patient)
    lines = [f"{name_text(patient)} · {masked}", *_demographics(model.study, model)]
    lines += [text.text for text in corner_texts(model) if text.corner is not Corner.TOP_LEFT]
    if model.study.study_time is not None:
        lines.append(translate("Viewport", "study time {time}").format(time=time_text(model.study.study_time)))
    return tuple(lines)


def name_text(patient: Patient) -> str:
    """Return the alphabetic and the ideographic name; words where there is none."""
    parts = [part for part in (patient.name.alphabetic_text, patient.name.ideographic_text) if part]
    return " ".join(parts) if parts else translate("Viewport", "name not provided")


def identifier_text(patient: Patient) -> str:
    """Return the identifier in full, as it is allowed on the picture and nowhere else."""
    identifier = patient.primary_identifier
    if identifier is None or not identifier.value.strip():
        return translate("Viewport", "identifier not provided")
    return identifier.normal if identifier.is_hkid else identifier.value.strip()


def sex_text(sex: str) -> str:
    """Return the sex as a letter or word of the interface's language."""
    words = {
        "M": translate("Viewport", "M", "sex: male"),
        "F": translate("Viewport", "F", "sex: female"),
        "O": translate("Viewport", "O", "sex: other"),
    }
    return words.get(sex, translate("Viewport", "sex not provided"))


def laterality_text(series: Series | None) -> str:
    """Return the side of a paired body part in words, with the view.

    A side that the file does not state is a question mark where it matters (breast, limb, eye), and never a guess;
    elsewhere it is left out.
    """
    if series is None:
        return ""
    words = {
        "R": translate("Viewport", "RIGHT side"),
        "L": translate("Viewport", "LEFT side"),
        "B": translate("Viewport", "BOTH sides"),
    }
    side = words.get(series.laterality.strip().upper(), "")
    view = series.view_position.strip()
    if not side and series.laterality.strip().upper() != "U" and _is_paired(series):
        return " ".join(part for part in (view, translate("Viewport", "side ?")) if part)
    return " ".join(part for part in (side, view) if part)


def _is_paired(series: Series) -> bool:
    part = series.body_part.strip().upper().replace(" ", "")
    return series.modality in _PAIRED_MODALITIES or part in _PAIRED_PARTS


def slice_position_text(frame: Frame) -> str:
    """Return where the slice lies: ``S 1016.0`` on a patient axis, mm along its normal when oblique, else empty."""
    if frame.plane is None:
        return ""
    normal = frame.plane.normal_lps
    axis = max(range(3), key=lambda index: abs(normal[index]))
    if abs(normal[axis]) < _ON_AXIS_COSINE:
        return translate("Viewport", "oblique {position} mm").format(position=f"{frame.plane.position_mm:.1f}")
    value = frame.plane.origin_lps_mm[axis]
    letter = _AXIS_LETTERS[axis][0 if value >= 0 else 1]
    return f"{letter}{NO_BREAK}{abs(value):.1f}"


def zoom_text(frame: Frame, mm_per_pixel: float) -> str:
    """Return mm per screen pixel with what the mm rest on; a percentage where there are no millimetres."""
    basis = frame.spacing.basis
    if basis is SpacingBasis.PIXELS_ONLY:
        percent = 100.0 / mm_per_pixel
        return translate("Viewport", "zoom {percent} %, pixels only").format(percent=f"{percent:.0f}")
    amount = f"{mm_per_pixel:.3g}{NO_BREAK}mm/px"
    note = basis_note(basis)
    return f"{amount} {note}" if note else amount


def basis_note(basis: SpacingBasis) -> str:
    """Return the words that qualify a millimetre; none where it is a millimetre in the patient by geometry."""
    notes = {
        SpacingBasis.CALIBRATED: translate("Viewport", "calibrated"),
        SpacingBasis.AT_DETECTOR: translate("Viewport", "at detector"),
        SpacingBasis.MAGNIFICATION_CORRECTED: translate("Viewport", "magnification corrected"),
        SpacingBasis.SCANNED: translate("Viewport", "on the scanned film"),
        SpacingBasis.ULTRASOUND_REGION: translate("Viewport", "ultrasound region"),
        SpacingBasis.PIXELS_ONLY: translate("Viewport", "pixels only"),
    }
    return notes.get(basis, "")


def _who(study: Study, model: ViewportModel) -> list[CornerText]:
    patient = study.patient
    return [
        CornerText(Corner.TOP_LEFT, (name_text(patient),)),
        CornerText(Corner.TOP_LEFT, (identifier_text(patient), *_demographics(study, model))),
        CornerText(
            Corner.TOP_LEFT,
            (translate("Viewport", "not for primary diagnosis"),),
            tone=Tone.QUIET,
            badge_code="primary",
        ),
    ]


def _demographics(study: Study, _model: ViewportModel) -> tuple[str, ...]:
    patient = study.patient
    if patient.birth_date is None:
        birth = translate("Viewport", "birth date not provided")
    else:
        birth = date_text(patient.birth_date)
    age = age_text(patient.birth_date, study.study_date)
    if not age:
        return (sex_text(patient.sex), birth)
    return (sex_text(patient.sex), birth, translate("Viewport", "{age} at study").format(age=age))


def _when(study: Study, model: ViewportModel) -> list[CornerText]:
    """Role and date; a study that hangs alone has a date and no place in an order."""
    tone = Tone.NORMAL if model.is_alone else ROLE_TONES[model.role]
    date = date_text(study.study_date)
    if model.role is Role.UNKNOWN and study.study_time is not None and study.study_date is not None:
        date = f"{date} {time_text(study.study_time)}"
    interval = interval_text(study.study_date, model.newest_date) if model.role is Role.PRIOR else ""
    texts = [CornerText(Corner.TOP_RIGHT, (f"{_role_words(model)}{date}",), tone=tone)]
    if interval:
        texts.append(CornerText(Corner.TOP_RIGHT, (interval,), tone=tone))
    return texts


def _role_words(model: ViewportModel) -> str:
    """The role and a space; nothing while there is only one study, which is neither current nor prior to another."""
    return "" if model.is_alone else f"{role_text(model.role)} "


def _badge(badge: Badge) -> CornerText:
    return CornerText(Corner.TOP_RIGHT, (badge.text,), tone=badge.tone, badge_code=badge.code)


def _distinct_warnings(model: ViewportModel) -> list[StackWarning]:
    """One warning of each kind: several gaps are one text."""
    seen: dict[str, StackWarning] = {}
    for warning in model.stack.warnings if model.stack else ():
        seen.setdefault(warning.code, warning)
    return list(seen.values())


def _optional(model: ViewportModel) -> list[CornerText]:
    """The texts that yield, rank 1 staying longest."""
    series, study, frame = model.series, model.study, model.frame
    left, right = Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT
    texts: list[CornerText] = []
    if series is not None and study is not None:
        texts.append(CornerText(left, (series.modality or translate("Viewport", "modality not stated"),), rank=1))
        description = study.description or series.body_part
        texts.append(CornerText(left, (description,), rank=2, may_shorten=True))
        institution = study.institution or series.equipment.institution
        texts.append(CornerText(left, (institution,), rank=3, may_shorten=True))
        texts.append(CornerText(left, _series_parts(series, frame), rank=4, may_shorten=True))
    if frame is not None and model.stack is not None:
        number = f"{model.viewport.view.frame_index + 1}/{len(model.stack.frames)}"
        position = slice_position_text(frame)
        texts.append(CornerText(right, (number, position) if position else (number,), rank=5))
        texts.append(CornerText(right, (_window_text(model),), rank=6))
        texts.append(CornerText(right, (zoom_text(frame, model.viewport.view.mm_per_pixel),), rank=7))
    return [text for text in texts if text.text]


def _series_parts(series: Series, frame: Frame | None) -> tuple[str, ...]:
    parts = []
    if series.number is not None:
        parts.append(translate("Viewport", "Se {number}").format(number=series.number))
    technique = dict(series.technique)
    parts += [part for part in (series.description, technique.get("kernel", "")) if part]
    if frame is not None and frame.slice_thickness_mm is not None:
        parts.append(f"{frame.slice_thickness_mm:.1f}{NO_BREAK}mm")
    return tuple(parts)


def _window_text(model: ViewportModel) -> str:
    frame = model.frame
    if frame is None or frame.format.is_colour:
        return ""
    if model.voi_explanation:
        return translate("Viewport", "VOI {name}").format(name=model.voi_explanation)
    window = model.window or model.viewport.presentation.window
    if window is None:
        return translate("Viewport", "window automatic")
    width, level = _number(window.width), _number(window.center)
    text = translate("Viewport", "W {width} L {level}").format(width=width, level=level)
    presentation = model.viewport.presentation
    chosen = presentation.window_origin is WindowOrigin.PRESET and presentation.window is not None
    name = preset_text(presentation.window.explanation) if chosen and presentation.window else ""
    return f"{text} {name}" if name else text


def _number(value: float) -> str:
    """A whole number without decimals; a small or broken one with three significant digits."""
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
