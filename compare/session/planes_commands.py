"""Commands on the three planes."""

from __future__ import annotations

from dataclasses import replace

from compare.session.comparison_session import ComparisonSession
from compare.session.planes_view import PlanesView


def set_planes(session: ComparisonSession, view: PlanesView) -> ComparisonSession:
    """Show the planes as they are described; the very same session where nothing differs."""
    return session if session.planes == view else replace(session, planes=view)


def close_planes(session: ComparisonSession) -> ComparisonSession:
    """Go back to the slices; where the planes stood is kept for the next time."""
    if session.planes is None or not session.planes.is_open:
        return session
    return replace(session, planes=replace(session.planes, is_open=False))
