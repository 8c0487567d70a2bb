"""What is remembered between starts: a small JSON file in the platform's configuration folder, never patient data.

No list of recent folders is kept: the path of a disc or folder often names the patient.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from compare.pairing.pairing_rule import PairingRule

_LOG = logging.getLogger(__name__)
_VERSION = 1
_LONGEST_FILE_BYTES = 1_000_000
_MOST_RULES = 500
_MOST_PLACES = 50
_LONGEST_TEXT = 256

#: Languages the interface speaks; an empty setting follows the system.
LANGUAGES = ("en", "zh_HK", "zh_CN")


class MouseProfile(StrEnum):
    """What the left button does: window (radiologists) or scroll (ward doctors)."""

    RADIOLOGIST = "radiologist"
    REFERRER = "referrer"


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """Where the window stood, in device-independent pixels of the virtual desktop."""

    x: int
    y: int
    width: int
    height: int
    is_maximised: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is remembered. ``window_places`` is by :func:`monitor_set_key`."""

    language: str = ""
    profile: MouseProfile = MouseProfile.RADIOLOGIST
    rail_width_px: int = 128
    rail_is_collapsed: bool = False
    #: The grid the reader chose last: rows, columns.
    layout: tuple[int, int] = (1, 1)
    window_places: Mapping[str, WindowPlace] = field(default_factory=dict)
    pairing_rules: tuple[PairingRule, ...] = ()
    hints_seen: frozenset[str] = frozenset()

    def with_place(self, monitors: str, place: WindowPlace) -> Settings:
        """Remember a window's place for one set of monitors; of more than fifty sets the oldest is forgotten."""
        places = {key: value for key, value in self.window_places.items() if key != monitors}
        places[monitors] = place
        return replace(self, window_places=dict(list(places.items())[-_MOST_PLACES:]))

    def with_hint_seen(self, hint: str) -> Settings:
        """Never show a hint again."""
        return replace(self, hints_seen=self.hints_seen | {hint})


def monitor_set_key(monitors: Sequence[tuple[str, int, int, int, int, float]]) -> str:
    """Return a short name of a set of monitors: (name, x, y, width, height, scale) each, in any order."""
    text = repr(sorted(monitors))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def settings_path() -> Path:
    """Return the file's place: ``DIPTYCH_CONFIG_DIR`` where set, else the platform's configuration folder."""
    folder = os.environ.get("DIPTYCH_CONFIG_DIR")
    base = Path(folder) if folder else user_config_path("diptych", appauthor=False, roaming=False)
    return base / "settings.json"


def read_settings(path: Path) -> Settings:
    """Read settings; a missing, damaged or foreign file gives defaults, a damaged entry gives that entry's default."""
    try:
        if path.stat().st_size > _LONGEST_FILE_BYTES:
            _LOG.warning("settings file is far too large; using defaults")
            return Settings()
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError):
        _LOG.warning("settings file cannot be read; using defaults")
        return Settings()
    return _settings_from(content) if isinstance(content, dict) else Settings()


def write_settings(path: Path, settings: Settings) -> bool:
    """Write settings so that the file is always whole: to a new file beside it, flushed, then put in its place.

    Returns ``False`` where the disk does not allow it: the application must start on a read-only profile too.
    """
    text = json.dumps(_content_of(settings), ensure_ascii=False, indent=2, sort_keys=True)
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes it readable by its owner alone.
        handle, temporary = tempfile.mkstemp(prefix=".settings-", suffix=".json", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        _LOG.warning("settings could not be written")
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        return False
    return True


def _content_of(settings: Settings) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "language": settings.language,
        "profile": settings.profile.value,
        "rail_width_px": settings.rail_width_px,
        "rail_is_collapsed": settings.rail_is_collapsed,
        "layout": list(settings.layout),
        "window_places": {
            key: [place.x, place.y, place.width, place.height, place.is_maximised]
            for key, place in settings.window_places.items()
        },
        "pairing_rules": [
            [rule.current_description, rule.prior_description, rule.is_pair]
            for rule in settings.pairing_rules[-_MOST_RULES:]
        ],
        "hints_seen": sorted(settings.hints_seen),
    }


def _settings_from(content: Mapping[str, Any]) -> Settings:
    default = Settings()
    language = content.get("language")
    profile = content.get("profile")
    width = content.get("rail_width_px")
    collapsed = content.get("rail_is_collapsed")
    hints = content.get("hints_seen")
    return Settings(
        language=language if language in LANGUAGES else default.language,
        profile=MouseProfile(profile) if profile in list(MouseProfile) else default.profile,
        rail_width_px=min(max(int(width), 56), 220) if width is not None and _is_int(width) else default.rail_width_px,
        rail_is_collapsed=collapsed if isinstance(collapsed, bool) else default.rail_is_collapsed,
        layout=_layout_from(content.get("layout")),
        window_places=_places_from(content.get("window_places")),
        pairing_rules=_rules_from(content.get("pairing_rules")),
        hints_seen=frozenset(filter(_is_short_text, hints)) if isinstance(hints, list) else default.hints_seen,
    )


def _layout_from(content: object) -> tuple[int, int]:
    match content:
        case [int(rows), int(columns)] if _is_side(rows) and _is_side(columns):
            return rows, columns
    return Settings().layout


def _is_side(value: object) -> bool:
    return _is_int(value) and isinstance(value, int) and 1 <= value <= 4


def _places_from(content: object) -> dict[str, WindowPlace]:
    if not isinstance(content, dict):
        return {}
    places = {key: place for key, value in content.items() if (place := _place_from(value)) is not None}
    return dict(list(places.items())[-_MOST_PLACES:])


def _place_from(value: object) -> WindowPlace | None:
    match value:
        case [int(x), int(y), int(width), int(height), bool(is_maximised)]:
            if all(_is_int(number) and abs(number) < 100_000 for number in (x, y, width, height)):
                return WindowPlace(x, y, max(width, 320), max(height, 240), is_maximised)
    return None


def _rules_from(content: object) -> tuple[PairingRule, ...]:
    if not isinstance(content, list):
        return ()
    rules: list[PairingRule] = []
    for value in content[-_MOST_RULES:]:
        match value:
            case [str(current), str(prior), bool(is_pair)] if _is_short_text(current) and _is_short_text(prior):
                rules.append(PairingRule(current, prior, is_pair))
    return tuple(rules)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT
