"""A session as JSON and back. It names studies by UID only: no patient's name, no identifier, no file path.

Reading is tolerant of what it does not know (extra keys, an entry that makes no sense is left out with a note) and
strict about what it is: another format or a newer version is an error in one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from compare.session.comparison_session import (
    DEFAULT_ACTIONS,
    ComparisonSession,
    Layout,
    LinkedAction,
    ManualOffset,
    Role,
    Viewport,
)
from compare.session.key_image import KeyImage
from compare.session.layout_commands import LARGEST_SIDE
from compare.session.lesion_entries import lesion_in, lesion_out
from compare.session.measure_commands import is_sound
from compare.session.measurement import Measurement, MeasurementKind
from compare.session.planes_entry import planes_in, planes_out
from compare.session.planes_view import PlanesView
from compare.session.stored_values import (
    index_in,
    key_in,
    key_out,
    known_in,
    number_in,
    point_in,
    text_in,
    window_in,
    window_out,
)
from compare.viewing.view_state import Interpolation, Presentation, ViewState, WindowOrigin
from loaders.errors import WorldError

FORMAT = "diptych-session"
VERSION = 1
_LONGEST_TEXT = 16 * 1024 * 1024
#: A value as JSON holds it, before it is checked.
_Json = Any
_T = TypeVar("_T")


class SessionFileError(WorldError):
    """A session file cannot be read."""

    code = "session_unreadable"


@dataclass(frozen=True, slots=True)
class ReadSession:
    """A session from a file, and stable codes of what had to be left out (``viewport 2``, ``offset 1`` ...)."""

    session: ComparisonSession
    left_out: tuple[str, ...] = ()


def session_to_json(session: ComparisonSession) -> str:
    """Return the session as JSON text, the same session always the same text."""
    stored = {
        "format": FORMAT,
        "version": VERSION,
        "layout": {
            "rows": session.layout.rows,
            "columns": session.layout.columns,
            "maximised": session.layout.maximised,
        },
        "active": session.active,
        "is_linked": session.is_linked,
        "viewports": [_viewport_out(viewport) for viewport in session.viewports],
        "offsets": [
            {"first": key_out(one.first), "second": key_out(one.second), "offset_mm": one.offset_mm}
            for one in session.offsets
        ],
        "measurements": [
            {
                "kind": one.kind.value,
                "identifier": one.identifier,
                "stack": key_out(one.stack),
                "sop_instance_uid": one.sop_instance_uid,
                "frame_number": one.frame_number,
                "points_mm": [list(point) for point in one.points_mm],
                "text": one.text,
                "lesion": one.lesion,
                "is_carried": one.is_carried,
            }
            for one in session.measurements
        ],
        "lesions": [lesion_out(one) for one in session.lesions],
        "key_images": [
            {
                "stack": key_out(one.stack),
                "sop_instance_uid": one.sop_instance_uid,
                "frame_number": one.frame_number,
            }
            for one in session.key_images
        ],
        "identity_confirmed": sorted(list(pair) for pair in session.identity_confirmed),
        "identity_overrides": [list(one) for one in session.identity_overrides],
        "planes": None if session.planes is None else planes_out(session.planes),
    }
    return json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def session_from_json(text: str, generation: int = 0) -> ReadSession:
    """Return the session that a text holds. Raises ``SessionFileError`` where it is none."""
    stored = _parsed(text)
    left_out: list[str] = []
    rows, columns, maximised = _layout_in(stored.get("layout"))
    viewports = _each(stored.get("viewports"), _viewport_in, "viewport", left_out, keep_place=Viewport())
    cells = rows * columns
    if len(viewports) > cells:
        left_out.append("viewports")
    viewports = (viewports + [Viewport()] * cells)[:cells]
    active = stored.get("active")
    session = ComparisonSession(
        layout=Layout(rows, columns, maximised),
        viewports=tuple(viewports),
        active=active if isinstance(active, int) and 0 <= active < cells else 0,
        offsets=tuple(_each(stored.get("offsets"), _offset_in, "offset", left_out)),
        measurements=tuple(_each(stored.get("measurements"), _measurement_in, "measurement", left_out)),
        lesions=tuple(_each(stored.get("lesions"), lesion_in, "lesion", left_out)),
        key_images=tuple(_each(stored.get("key_images"), _key_image_in, "key image", left_out)),
        is_linked=stored.get("is_linked") is not False,
        identity_confirmed=frozenset(_each(stored.get("identity_confirmed"), _pair_in, "identity", left_out)),
        identity_overrides=tuple(_each(stored.get("identity_overrides"), _override_in, "override", left_out)),
        planes=_planes_in(stored.get("planes"), left_out),
        generation=generation,
    )
    return ReadSession(session, tuple(left_out))


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST_TEXT:
        raise SessionFileError("this is too large for a session file")
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionFileError("this is not a session file: it is not JSON") from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise SessionFileError("this is not a session file")
    version = stored.get("version")
    if not isinstance(version, int) or version < 1:
        raise SessionFileError("this session file states no version")
    if version > VERSION:
        raise SessionFileError(f"this session file is of a newer version ({version}) than this program reads")
    return stored


def _each(
    entries: object,
    read: Callable[[Any], _T],
    name: str,
    left_out: list[str],
    *,
    keep_place: _T | None = None,
) -> list[_T]:
    """Read every entry that makes sense; note the others, counted from 1."""
    if not isinstance(entries, list):
        return []
    found: list[_T] = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(read(entry))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            left_out.append(f"{name} {number}")
            if keep_place is not None:
                found.append(keep_place)
    return found


def _planes_in(stored: object, left_out: list[str]) -> PlanesView | None:
    if stored is None:
        return None
    found = _each([stored], planes_in, "planes", left_out)
    return found[0] if found else None


def _layout_in(stored: object) -> tuple[int, int, int | None]:
    layout = stored if isinstance(stored, dict) else {}
    rows, columns, maximised = layout.get("rows"), layout.get("columns"), layout.get("maximised")
    sides = [side for side in (rows, columns) if isinstance(side, int) and 1 <= side <= LARGEST_SIDE]
    if len(sides) != 2:
        raise SessionFileError("this session file has no sound layout")
    is_sound = isinstance(maximised, int) and 0 <= maximised < sides[0] * sides[1]
    return sides[0], sides[1], maximised if is_sound else None


def _viewport_out(viewport: Viewport) -> dict[str, object]:
    view, presentation = viewport.view, viewport.presentation
    window = presentation.window
    return {
        "stack": None if viewport.stack is None else key_out(viewport.stack),
        "study_key": viewport.study_key,
        "role": viewport.role.value,
        "actions": sorted(action.value for action in viewport.actions),
        "view": {
            "frame_index": view.frame_index,
            "centre_mm": list(view.centre_mm),
            "mm_per_pixel": view.mm_per_pixel,
            "quarter_turns": view.quarter_turns,
            "flipped": view.flipped,
            "is_fitted": view.is_fitted,
        },
        "presentation": {
            "window": None if window is None else window_out(window),
            "window_origin": presentation.window_origin.value,
            "voi_table_index": presentation.voi_table_index,
            "is_inverted": presentation.is_inverted,
            "colour_map": presentation.colour_map,
            "interpolation": presentation.interpolation.value,
        },
    }


def _viewport_in(stored: _Json) -> Viewport:
    actions = stored.get("actions")
    return Viewport(
        stack=None if stored["stack"] is None else key_in(stored["stack"]),
        study_key=text_in(stored.get("study_key", "")),
        role=known_in(Role, stored.get("role"), Role.UNKNOWN),
        view=_view_in(stored["view"]),
        presentation=_presentation_in(stored["presentation"]),
        actions=DEFAULT_ACTIONS
        if not isinstance(actions, list)
        else frozenset(action for action in LinkedAction if action.value in actions),
    )


def _view_in(stored: _Json) -> ViewState:
    scale = number_in(stored["mm_per_pixel"])
    if scale <= 0.0:
        raise ValueError("a scale is positive")
    return ViewState(
        frame_index=index_in(stored["frame_index"]),
        centre_mm=point_in(stored["centre_mm"]),
        mm_per_pixel=scale,
        quarter_turns=int(stored.get("quarter_turns", 0)) % 4,
        flipped=stored.get("flipped") is True,
        is_fitted=stored.get("is_fitted") is True,
    )


def _presentation_in(stored: _Json) -> Presentation:
    window, table = stored.get("window"), stored.get("voi_table_index")
    return Presentation(
        window=None if window is None else window_in(window),
        window_origin=known_in(WindowOrigin, stored.get("window_origin"), WindowOrigin.FILE),
        voi_table_index=None if table is None else index_in(table),
        is_inverted=stored.get("is_inverted") is True,
        colour_map=text_in(stored.get("colour_map", "grey")),
        interpolation=known_in(Interpolation, stored.get("interpolation"), Interpolation.LINEAR),
    )


def _offset_in(stored: _Json) -> ManualOffset:
    return ManualOffset(key_in(stored["first"]), key_in(stored["second"]), number_in(stored["offset_mm"]))


def _measurement_in(stored: _Json) -> Measurement:
    kind, points = MeasurementKind(stored["kind"]), tuple(point_in(point) for point in stored["points_mm"])
    if not is_sound(kind, points):
        raise ValueError("these points make no measurement")
    return Measurement(
        identifier=text_in(stored["identifier"]),
        kind=kind,
        stack=key_in(stored["stack"]),
        sop_instance_uid=text_in(stored["sop_instance_uid"]),
        frame_number=index_in(stored["frame_number"]),
        points_mm=points,
        text=text_in(stored.get("text", "")),
        lesion=text_in(stored.get("lesion", "")),
        is_carried=stored.get("is_carried") is True,
    )


def _key_image_in(stored: _Json) -> KeyImage:
    return KeyImage(key_in(stored["stack"]), text_in(stored["sop_instance_uid"]), index_in(stored["frame_number"]))


def _pair_in(stored: _Json) -> tuple[str, str]:
    first, second = stored
    return (text_in(first), text_in(second))


def _override_in(stored: _Json) -> tuple[str, str, str]:
    first, second, reason = stored
    return (text_in(first), text_in(second), text_in(reason))
