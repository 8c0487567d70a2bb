"""The safety badges of a viewport: short words that never yield to space (display rules R2, R5-R8, R15, R20)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from compare.session.comparison_session import Role
from loaders.model.frame_validity import FrameState
from viewer.rendering.flicker import FlickerBasis
from viewer.viewport.alignment_words import alignment_words
from viewer.viewport.viewport_model import IdentityMark, LinkBadge, LinkKind, ViewportModel

translate = QCoreApplication.translate


class Tone(StrEnum):
    """How loud a text is; the words say it, the colour only helps."""

    NORMAL = "normal"
    QUIET = "quiet"
    CURRENT = "current"
    PRIOR = "prior"
    FINE = "fine"
    WARNING = "warning"
    DANGER = "danger"


ROLE_TONES = {Role.CURRENT: Tone.CURRENT, Role.PRIOR: Tone.PRIOR, Role.UNKNOWN: Tone.WARNING}


@dataclass(frozen=True, slots=True)
class Badge:
    """One badge. ``code`` is stable, for clicks; ``text`` is what is painted; ``why`` is one sentence more."""

    code: str
    text: str
    tone: Tone
    why: str = ""


def role_text(role: Role) -> str:
    """Return the role as a word; the order of undated or equally dated studies is said not to be known."""
    if role is Role.CURRENT:
        return translate("Viewport", "CURRENT")
    if role is Role.PRIOR:
        return translate("Viewport", "PRIOR")
    return translate("Viewport", "order not known")


def safety_badges(model: ViewportModel) -> tuple[Badge, ...]:
    """Return the badges of a viewport in the order in which they stand; none for an empty viewport."""
    if model.stack is None:
        return ()
    badges = [
        _identity(model.identity, model.identity_words),
        link_badge(model.link) if model.link else None,
        _scale(model),
        _lossy(model),
        _incomplete(model),
        _preview(model),
        _flicker(model),
        _interpolated(model),
        _warped(model),
        _cine(model),
        _derived(model),
        _burned_in(model),
        _inverted(model),
        _turned(model),
        _offline(model),
        _guessed_characters(model),
    ]
    return tuple(badge for badge in badges if badge is not None)


def link_badge(link: LinkBadge) -> Badge | None:
    """Return the badge of a link; none where there is nothing to link to."""
    amount = "" if link.error_mm is None else f"{link.error_mm:.1f} mm"
    tone = Tone.QUIET if link.is_linked else Tone.WARNING
    if link.kind is LinkKind.NOTHING_TO_LINK:
        return None
    if link.kind is LinkKind.SAME_FRAME:
        text = translate("Viewport", "LINKED same frame")
        why = translate("Viewport", "Both were made in one examination's coordinates: linked by position.")
    elif link.kind is LinkKind.RIGID:
        text = translate("Viewport", "LINKED rigid {amount}").format(amount=amount).rstrip()
        why = translate("Viewport", "Linked by a rigid registration; the number is its error.")
    elif link.kind is LinkKind.DEFORMED:
        text = translate("Viewport", "DEFORMED {amount} here").format(amount=amount)
        why = translate("Viewport", "Linked by a deformable registration; the number is its error at this place.")
    elif link.kind is LinkKind.BY_HAND:
        offset = 0.0 if link.offset_mm is None else link.offset_mm
        text = translate("Viewport", "LINKED by hand {offset} mm").format(offset=f"{offset:+.1f}")
        why = translate("Viewport", "Linked by two slices that the reader declared to match.")
    elif link.kind is LinkKind.TABLE_POSITION:
        text = translate("Viewport", "LINKED by table position")
        why = translate("Viewport", "Same scanner: linked by table position, not by anatomy.")
        tone = Tone.WARNING
    elif link.kind is LinkKind.RELATIVE:
        text = translate("Viewport", "LINKED relative, not anatomical")
        why = translate("Viewport", "Linked by slice numbers only: the same place is not promised.")
        tone = Tone.WARNING
    else:
        text, why = _not_linked(link)
    if link.percent_done is not None and link.is_linked:
        text = translate("Viewport", "{link} ({percent} %)").format(link=text, percent=link.percent_done)
        why = f"{why} {translate('Viewport', 'An alignment is on its way.')}"
    return Badge("link", text, tone, f"{why} {alignment_words(link.reason)}".rstrip())


def _not_linked(link: LinkBadge) -> tuple[str, str]:
    if link.kind is LinkKind.NOT_YET:
        why = translate("Viewport", "No registration between these two examinations yet.")
        if link.percent_done is None:
            return translate("Viewport", "NOT LINKED no registration yet"), why
        text = translate("Viewport", "NOT LINKED no registration yet ({percent} %)")
        return text.format(percent=link.percent_done), why
    if link.kind is LinkKind.NOT_RELIABLE:
        why = translate("Viewport", "No alignment good enough was found. Match two slices by hand to link.")
        if link.is_followed:
            why += " " + translate("Viewport", "Until then the slices scroll together by their numbers only.")
        return translate("Viewport", "NOT LINKED no reliable alignment"), why
    return translate("Viewport", "NOT LINKED switched off"), translate("Viewport", "Linking is switched off.")


def _identity(mark: IdentityMark | None, words: str) -> Badge | None:
    if mark is IdentityMark.CONFLICT_OVERRIDDEN:
        why = translate(
            "Viewport", "The identities of these studies contradict each other; opened with a typed reason."
        )
        return Badge("identity", translate("Viewport", "IDENTITY CONFLICT, OVERRIDDEN"), Tone.DANGER, why)
    if mark is IdentityMark.MATCHED_BY_DEMOGRAPHICS:
        why = translate("Viewport", "The identifiers do not prove one patient; a reader confirmed the match.")
        return Badge("identity", words or translate("Viewport", "matched by the reader"), Tone.WARNING, why)
    if mark is IdentityMark.NOT_CONFIRMED:
        why = translate("Viewport", "The identifiers do not prove one patient, and no reader has confirmed the match.")
        return Badge("identity", translate("Viewport", "IDENTITY NOT CONFIRMED"), Tone.WARNING, why)
    return None


def _scale(model: ViewportModel) -> Badge | None:
    if model.is_scale_comparable:
        return None
    why = translate("Viewport", "The millimetres of these images rest on different things: zoom is linked relatively.")
    return Badge("scale", translate("Viewport", "scale not comparable"), Tone.WARNING, why)


def _lossy(model: ViewportModel) -> Badge | None:
    frame = model.frame
    if frame is None or not frame.badges.is_lossy:
        return None
    ratio, method = frame.badges.lossy_ratio, frame.badges.lossy_method
    why = translate("Viewport", "The image was compressed with loss. Method: {method}").format(
        method=method or translate("Viewport", "not stated"),
    )
    if ratio is None:
        return Badge("lossy", translate("Viewport", "LOSSY"), Tone.WARNING, why)
    return Badge("lossy", translate("Viewport", "LOSSY {ratio}:1").format(ratio=f"{ratio:.3g}"), Tone.WARNING, why)


def _incomplete(model: ViewportModel) -> Badge | None:
    """Counts of what is there against what should be: loading differs in words from incomplete (R7)."""
    if model.stack is None:
        return None
    series = model.series
    if series is not None and series.expected_instances is not None and series.instances < series.expected_instances:
        why = translate("Viewport", "The source announced more images of this series than it holds.")
        return Badge("incomplete", _received(model, series.instances, series.expected_instances), Tone.WARNING, why)
    total = len(model.stack.frames)
    if model.volume is None:
        return _loading(0, total) if not model.blocked_reason else None
    validity = model.volume.validity
    absent = validity.count(FrameState.FAILED) + validity.count(FrameState.MISSING)
    loaded = validity.count(FrameState.LOADED)
    if absent:
        text = translate("Viewport", "INCOMPLETE {there}/{expected}").format(there=total - absent, expected=total)
        why = translate("Viewport", "Some slices could not be shown; the strip at the right says which.")
        return Badge("incomplete", text, Tone.WARNING, why)
    return None if loaded == total else _loading(loaded, total)


def _received(model: ViewportModel, received: int, expected: int) -> str:
    """Images received and expected; and slices decoded, until all that were received are."""
    decoded = model.volume.validity.count(FrameState.LOADED) if model.volume is not None else 0
    frames = len(model.stack.frames) if model.stack is not None else 0
    if decoded == frames:
        return translate("Viewport", "INCOMPLETE {there}/{expected}").format(there=received, expected=expected)
    text = translate("Viewport", "INCOMPLETE {there}/{expected}, {decoded} of {frames} slices decoded")
    return text.format(there=received, expected=expected, decoded=decoded, frames=frames)


def _loading(loaded: int, total: int) -> Badge:
    text = translate("Viewport", "loading {there}/{expected}").format(there=loaded, expected=total)
    return Badge("loading", text, Tone.QUIET, translate("Viewport", "Slices are still being read."))


def _preview(model: ViewportModel) -> Badge | None:
    if model.frame_state is not FrameState.PREVIEW:
        return None
    why = translate("Viewport", "Reduced resolution until the whole image is there. Not for measuring.")
    return Badge("preview", translate("Viewport", "PREVIEW"), Tone.WARNING, why)


def _interpolated(model: ViewportModel) -> Badge | None:
    if model.nearest_slice is None:
        return None
    text = translate("Viewport", "INTERPOLATED, nearest slice {number}").format(number=model.nearest_slice)
    return Badge("interpolated", text, Tone.WARNING, translate("Viewport", "This plane lies between acquired slices."))


def _flicker(model: ViewportModel) -> Badge | None:
    """How the other examination was put on this canvas, where that is less than its true place."""
    basis = model.flicker
    if basis is FlickerBasis.OUTSIDE:
        why = translate("Viewport", "The prior's slices do not reach the place that is shown.")
        return Badge("flicker", translate("Viewport", "PRIOR DOES NOT REACH HERE"), Tone.WARNING, why)
    if basis in (FlickerBasis.OWN_PLACE, FlickerBasis.OWN_SCALE):
        why = translate(
            "Viewport", "Nothing says how the two examinations lie to each other: shown as in its own view."
        )
        return Badge("flicker", translate("Viewport", "NOT IN PLACE: as in its own view"), Tone.WARNING, why)
    return None


def _cine(model: ViewportModel) -> Badge | None:
    note = model.cine
    if note is None:
        return None
    rate = f"{note.frames_per_second:.3g}"
    if note.reached_per_second is not None:
        text = translate("Viewport", "CINE {reached} of {rate}/s").format(reached=note.reached_per_second, rate=rate)
    else:
        text = translate("Viewport", "CINE {rate}/s").format(rate=rate)
    if not note.is_default:
        return Badge("cine", text, Tone.QUIET, translate("Viewport", "At the rate that the file states."))
    why = translate("Viewport", "The file states no rate.")
    return Badge("cine", f"{text} {translate('Viewport', '(default)')}", Tone.QUIET, why)


def _derived(model: ViewportModel) -> Badge | None:
    """What Image Type (0008,0008) says beyond an original picture (PS3.3 C.7.6.1.1.2)."""
    kinds = {part.upper() for part in model.frame.badges.image_type} if model.frame else set()
    if "LOCALIZER" in kinds or "SCOUT" in kinds:
        why = translate("Viewport", "A scout to plan from, not a diagnostic picture.")
        return Badge("localiser", translate("Viewport", "LOCALISER"), Tone.WARNING, why)
    if "DERIVED" in kinds:
        why = translate("Viewport", "Computed from other pictures. Image type: {kinds}").format(
            kinds=" ".join(model.frame.badges.image_type) if model.frame else ""
        )
        return Badge("derived", translate("Viewport", "DERIVED"), Tone.QUIET, why)
    return None


def _burned_in(model: ViewportModel) -> Badge | None:
    if model.frame is None or not model.frame.badges.burned_in_annotation:
        return None
    why = translate("Viewport", "The picture itself holds writing that may identify a person or misstate a side.")
    return Badge("burned_in", translate("Viewport", "TEXT IN PICTURE"), Tone.WARNING, why)


def _warped(model: ViewportModel) -> Badge | None:
    if not model.is_warped:
        return None
    why = translate("Viewport", "The picture was deformed to fit the other one. Do not measure on it.")
    return Badge("warped", translate("Viewport", "WARPED"), Tone.WARNING, why)


def _inverted(model: ViewportModel) -> Badge | None:
    if not model.viewport.presentation.is_inverted:
        return None
    why = translate("Viewport", "Black and white are exchanged.")
    return Badge("inverted", translate("Viewport", "INVERTED"), Tone.WARNING, why)


def _turned(model: ViewportModel) -> Badge | None:
    view = model.viewport.view
    turns = view.quarter_turns % 4
    if not turns and not view.flipped:
        return None
    parts = [translate("Viewport", "FLIPPED")] if view.flipped else []
    if turns:
        parts.append(translate("Viewport", "ROTATED {degrees}°").format(degrees=turns * 90))
    why = translate("Viewport", "The picture does not lie as it was stored; the letters at its edges are right.")
    return Badge("turned", " · ".join(parts), Tone.WARNING, why)


def _offline(model: ViewportModel) -> Badge | None:
    if model.offline_hours is None:
        return None
    text = translate("Viewport", "offline copy, {hours} h old").format(hours=round(model.offline_hours))
    why = translate("Viewport", "The store may hold newer images, or an amended report.")
    return Badge("offline", text, Tone.WARNING, why)


def _guessed_characters(model: ViewportModel) -> Badge | None:
    if model.study is None or not model.study.patient.name.character_set_guessed:
        return None
    why = translate("Viewport", "The file does not say how its text is written; the name may be wrong.")
    return Badge("characters", translate("Viewport", "character set guessed"), Tone.WARNING, why)
