"""A lesion as an entry of a session file, and back."""

from __future__ import annotations

from typing import Any

from compare.following.lesion import Lesion, LesionRole, NonTargetState


def lesion_out(lesion: Lesion) -> dict[str, object]:
    """Return the entry of a lesion."""
    return {
        "tracking_uid": lesion.tracking_uid,
        "label": lesion.label,
        "role": lesion.role.value,
        "is_lymph_node": lesion.is_lymph_node,
        "organ": lesion.organ,
        "states": {study_key: state.value for study_key, state in lesion.states},
    }


def lesion_in(stored: Any) -> Lesion:  # noqa: ANN401 - JSON before it is checked
    """Return the lesion of an entry. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where it makes no sense."""
    tracking_uid, label, organ = stored["tracking_uid"], stored["label"], stored.get("organ", "")
    if not all(isinstance(text, str) for text in (tracking_uid, label, organ)):
        raise TypeError("not a text")
    return Lesion(
        tracking_uid=tracking_uid,
        label=label,
        role=LesionRole(stored["role"]),
        is_lymph_node=stored.get("is_lymph_node") is True,
        organ=organ,
        states=tuple((str(key), NonTargetState(value)) for key, value in dict(stored.get("states", {})).items()),
    )
