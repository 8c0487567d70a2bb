"""Why an action is or is not linked, and what can be done about it, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from compare.linking.link_status import LinkReason, LinkStatus
from compare.session.comparison_session import LinkedAction

translate = QCoreApplication.translate


def action_text(action: LinkedAction) -> str:
    """Return the name of an action that can be linked."""
    names = {
        LinkedAction.SCROLL: translate("Links", "Scroll"),
        LinkedAction.ZOOM: translate("Links", "Zoom"),
        LinkedAction.PAN: translate("Links", "Pan"),
        LinkedAction.WINDOW: translate("Links", "Window"),
        LinkedAction.ROTATION: translate("Links", "Turn and mirror"),
        LinkedAction.CURSOR: translate("Links", "Cursor"),
    }
    return names[action]


def status_text(status: LinkStatus) -> str:
    """Return why an action is not linked, or in which way less than fully; empty where there is nothing to say."""
    if status.reason is None:
        return ""
    reasons = {
        LinkReason.LINKS_OFF: translate("Links", "All links are off. L switches them on."),
        LinkReason.ACTION_OFF_HERE: translate("Links", "Off in the other viewport."),
        LinkReason.ACTION_OFF_THERE: translate("Links", "Off here."),
        LinkReason.EMPTY_VIEWPORT: translate("Links", "One of the two viewports is empty."),
        LinkReason.NO_GEOMETRY: translate(
            "Links", "One of the two has no position in the patient. By slice number only; M says which slices match."
        ),
        LinkReason.NO_TRANSFORM: translate("Links", "Nothing says how these two examinations lie to each other."),
        LinkReason.PLANES_NOT_PARALLEL: translate(
            "Links", "The planes are not parallel. Reference lines show where they cross."
        ),
        LinkReason.SINGLE_SLICE: translate("Links", "One of the two is a single slice."),
        LinkReason.OUTSIDE_COVERAGE: translate("Links", "This place lies outside the other series."),
        LinkReason.SCALE_NOT_COMPARABLE: translate(
            "Links", "Scale not comparable: one of the two has no trusted millimetres. Linked relatively."
        ),
        LinkReason.IN_PLANE_MM_ONLY: translate("Links", "By the same number of millimetres, not by anatomy."),
        LinkReason.UNIT_DIFFERS: translate("Links", "The values have different units: a window means nothing there."),
        LinkReason.UNIT_UNKNOWN: translate(
            "Links", "The values have no common unit. Set the window on each side, or use the presets."
        ),
    }
    text = reasons[status.reason]
    if status.reason is LinkReason.PLANES_NOT_PARALLEL and status.angle_degrees is not None:
        return f"{text} ({status.angle_degrees:.0f}°)"
    return text
