"""Settings survive a restart, damage and a read-only disk, and hold nobody's name."""

from __future__ import annotations

import json
import logging
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from compare.pairing.pairing_rule import PairingRule
from viewer.settings import settings as settings_module
from viewer.settings.settings import (
    MouseProfile,
    Settings,
    WindowPlace,
    monitor_set_key,
    read_settings,
    settings_path,
    write_settings,
)

FULL = Settings(
    language="zh_HK",
    profile=MouseProfile.REFERRER,
    rail_width_px=200,
    rail_is_collapsed=True,
    window_places={"abc": WindowPlace(-1920, 0, 1280, 800, is_maximised=True)},
    pairing_rules=(PairingRule("lung 2.0", "B60f 胸部"), PairingRule("topogram", "lung", is_pair=False)),
    hints_seen=frozenset({"flicker"}),
)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    assert write_settings(path, FULL)
    assert read_settings(path) == FULL


def test_no_file_gives_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00\x01", '{"rail_width_px":', "[" * 100_000])
def test_a_damaged_file_gives_defaults(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert read_settings(path) == Settings()


def test_a_damaged_entry_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    content = {
        "language": "tlh",
        "profile": "referrer",
        "rail_width_px": True,
        "rail_is_collapsed": 1,
        "window_places": {
            "good": [0, 0, 800, 600, False],
            "bad": [0, 0, "wide", 1, False],
            "huge": [0, 0, 10**9, 1, True],
        },
        "pairing_rules": [["a", "b", True], ["a", 3, True], "x", ["y" * 1000, "b", True]],
        "hints_seen": ["flicker", 3],
        "something new": {},
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    read = read_settings(path)
    assert read.language == ""
    assert read.profile is MouseProfile.REFERRER
    assert read.rail_width_px == Settings().rail_width_px
    assert read.rail_is_collapsed is False
    assert list(read.window_places) == ["good"]
    assert read.pairing_rules == (PairingRule("a", "b"),)
    assert read.hints_seen == {"flicker"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
names = st.sampled_from(list(settings_module._content_of(Settings())))


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, json_values))
def test_any_json_is_read_without_an_error(content: dict[str, object]) -> None:
    read = settings_module._settings_from(content)
    assert settings_module._settings_from(settings_module._content_of(read)) == read


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.json"
    write_settings(path, FULL)

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with caplog.at_level(logging.WARNING):
        assert not write_settings(path, Settings())
    assert read_settings(path) == FULL
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.json"]


def test_a_folder_that_cannot_be_made_is_no_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert not write_settings(tmp_path / "file" / "settings.json", FULL)


@pytest.mark.skipif(sys.platform == "win32", reason="permission bits")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    write_settings(path, FULL)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_monitors_are_one_set_in_any_order_but_not_at_another_place() -> None:
    left, right = ("DP-1", 0, 0, 1920, 1080, 1.0), ("DP-2", 1920, 0, 1920, 1080, 1.5)
    assert monitor_set_key([left, right]) == monitor_set_key([right, left])
    assert monitor_set_key([left]) != monitor_set_key([left, right])
    assert monitor_set_key([left]) != monitor_set_key([right])


def test_the_oldest_of_many_monitor_sets_is_forgotten() -> None:
    settings = Settings()
    for number in range(60):
        settings = settings.with_place(str(number), WindowPlace(0, 0, 800, 600))
    assert len(settings.window_places) == 50
    assert "59" in settings.window_places
    assert "0" not in settings.window_places


def test_the_place_can_be_moved_for_tests_and_portable_installations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIPTYCH_CONFIG_DIR", str(tmp_path))
    assert settings_path() == tmp_path / "settings.json"


def test_there_is_no_field_for_paths_or_patients() -> None:
    fields = set(settings_module._content_of(FULL))
    assert not {name for name in fields if any(word in name for word in ("recent", "path", "patient", "folder"))}
