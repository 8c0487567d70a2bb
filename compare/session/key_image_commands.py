"""Commands on key images: mark the shown frame, or take the mark away."""

from __future__ import annotations

from dataclasses import replace

from compare.linking.stack_places import Stacks
from compare.session.change import frame_in, stack_in
from compare.session.comparison_session import ComparisonSession
from compare.session.key_image import KeyImage


def toggle_key_image(session: ComparisonSession, index: int, stacks: Stacks) -> ComparisonSession:
    """Mark the frame that viewport ``index`` shows, or unmark it. Refuses what :func:`frame_in` refuses."""
    frame = frame_in(session, index, stacks)
    marked = KeyImage(stack_in(session, index, stacks).key, frame.sop_instance_uid, frame.frame_number)
    if any(one.identifier == marked.identifier for one in session.key_images):
        return remove_key_image(session, marked.identifier)
    return replace(session, key_images=(*session.key_images, marked))


def remove_key_image(session: ComparisonSession, identifier: str) -> ComparisonSession:
    """Take the mark away; the very same session where there is none."""
    kept = tuple(one for one in session.key_images if one.identifier != identifier)
    return session if kept == session.key_images else replace(session, key_images=kept)
