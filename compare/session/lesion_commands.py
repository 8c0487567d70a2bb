"""Commands on lesions: mark, name, judge, give up."""

from __future__ import annotations

from dataclasses import replace

from compare.errors import Refused
from compare.following.lesion import Lesion, NonTargetState
from compare.session.comparison_session import ComparisonSession


def add_lesion(session: ComparisonSession, lesion: Lesion) -> ComparisonSession:
    """Begin to follow a lesion. Refuses ``lesion_taken`` (the tracking UID is in use) and ``lesion_unnamed``."""
    if any(old.tracking_uid == lesion.tracking_uid for old in session.lesions):
        raise Refused("lesion_taken")
    if not lesion.label.strip():
        raise Refused("lesion_unnamed")
    return replace(session, lesions=(*session.lesions, lesion))


def edit_lesion(session: ComparisonSession, lesion: Lesion) -> ComparisonSession:
    """Replace what is said of a lesion; its tracking UID names it."""
    lesion_of(session, lesion.tracking_uid)
    if not lesion.label.strip():
        raise Refused("lesion_unnamed")
    changed = tuple(lesion if old.tracking_uid == lesion.tracking_uid else old for old in session.lesions)
    return session if changed == session.lesions else replace(session, lesions=changed)


def judge_lesion(
    session: ComparisonSession, tracking_uid: str, study_key: str, state: NonTargetState
) -> ComparisonSession:
    """Record the reader's judgement of a lesion at one examination."""
    lesion = lesion_of(session, tracking_uid)
    kept = tuple(one for one in lesion.states if one[0] != study_key)
    return edit_lesion(session, replace(lesion, states=tuple(sorted((*kept, (study_key, state))))))


def delete_lesion(session: ComparisonSession, tracking_uid: str) -> ComparisonSession:
    """Stop following a lesion; its measurements stay, as measurements of nothing in particular."""
    lesion_of(session, tracking_uid)
    return replace(
        session,
        lesions=tuple(one for one in session.lesions if one.tracking_uid != tracking_uid),
        measurements=tuple(
            replace(one, lesion="") if one.lesion == tracking_uid else one for one in session.measurements
        ),
    )


def lesion_of(session: ComparisonSession, tracking_uid: str) -> Lesion:
    """Return a lesion; ``Refused('no_such_lesion')`` where there is none."""
    found = next((one for one in session.lesions if one.tracking_uid == tracking_uid), None)
    if found is None:
        raise Refused("no_such_lesion")
    return found
