"""From the empty window through sign-in, one patient and streaming to the lock, against the real stand-in store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from loaders.auth.workstation_lock import DEFAULT_IDLE_S
from loaders.retrieval.launch_request import LaunchRefused
from loaders.transport.store_profile import ProfileFile
from tests.gui.window.conftest import has_picture, hung, settle
from tests.store.conftest import BIRTH_DATE, HKID, LastingKeeper, Store, study_uid
from viewer.app.window_app import launch_of
from viewer.main_window.main_window import MainWindow
from viewer.panels.rail_rows import Presence, StudyState
from viewer.store import store_services
from viewer.store.store_panel import StorePage

pytestmark = pytest.mark.gui
_LONG_MS = 30_000


@pytest.fixture
def used(store: Store, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window on a workstation where the stand-in is set up and there is a key ring."""
    ProfileFile().put(store.profile(is_shared_workstation=True))
    keeper = LastingKeeper()
    monkeypatch.setattr(store_services.StoreServices.__init__, "__defaults__", (lambda: keeper,))
    yield window
    store.control("faults", faults=[])


def sign_in(qtbot: QtBot, window: MainWindow, store: Store, user: str) -> None:
    controller = window.store.controller
    controller.open_browser = store.browser(user)
    controller.show()
    qtbot.waitUntil(lambda: window.store.panel.sign_in.stores.count() == 1)
    window.store.panel.sign_in.browser_button.click()
    qtbot.waitUntil(lambda: controller.person is not None, timeout=_LONG_MS)


def find(qtbot: QtBot, window: MainWindow, until: Callable[[], bool]) -> None:
    page = window.store.panel.find_page
    page.fill(HKID, BIRTH_DATE)
    page.button.click()
    qtbot.waitUntil(until, timeout=_LONG_MS)


def open_newest(qtbot: QtBot, window: MainWindow) -> None:
    panel = window.store.panel
    find(qtbot, window, lambda: panel.page is StorePage.STUDIES)
    panel.studies.open_button.click()


def texts(window: QWidget) -> str:
    """Everything that stands in a label, a field, a tooltip or the title."""
    shown = [label.text() for label in window.findChildren(QLabel)]
    shown += [field.text() for field in window.findChildren(QLineEdit)]
    shown += [widget.toolTip() for widget in window.findChildren(QWidget)]
    return "\n".join([*shown, window.windowTitle()])


@pytest.mark.parametrize("by_file", [False, True])
def test_another_program_asks_for_a_study(
    qtbot: QtBot, used: MainWindow, store: Store, tmp_path: Path, *, by_file: bool
) -> None:
    query = {"store": "stand-in", "patient": HKID, "birth-date": BIRTH_DATE, "study": study_uid("current")}
    address = f"diptych://open?{urlencode(query)}"
    (tmp_path / "list.txt").write_text(f"{address}\n", encoding="utf-8")
    request = launch_of([], tmp_path / "list.txt") if by_file else launch_of([address], None)
    assert request is not None
    used.store.controller.open_browser = store.browser("doctor")
    used.store.launch(request)
    qtbot.waitUntil(lambda: used.store.panel.sign_in.stores.count() == 1)
    used.store.panel.sign_in.browser_button.click()
    qtbot.waitUntil(lambda: hung(used) == ["2026-01-10", "2024-01-10"], timeout=_LONG_MS)


def test_a_list_of_several_patients_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("diptych://open?a=1\ndiptych://open?a=2\n", encoding="utf-8")
    with pytest.raises(LaunchRefused):
        launch_of([], tmp_path / "list.txt")


def test_from_sign_in_to_two_studies_kept_and_reopened_offline(qtbot: QtBot, used: MainWindow, store: Store) -> None:
    states: dict[str, StudyState] = {}
    used.store.streaming.study_state.connect(states.__setitem__)
    sign_in(qtbot, used, store, "doctor")
    who = used.store.panel.who.text()
    assert all(part in who for part in ("stand-in", "Dr Chan Test", "doctor", "HA-TEST", "two factors"))
    open_newest(qtbot, used)
    qtbot.waitUntil(lambda: hung(used) == ["2026-01-10", "2024-01-10"], timeout=_LONG_MS)
    with qtbot.waitSignal(used.store.streaming.kept, timeout=_LONG_MS) as kept:
        settle(qtbot, used)
    assert kept.args == [True]
    assert has_picture(used, 0)
    assert has_picture(used, 1)
    qtbot.waitUntil(lambda: {state.presence for state in states.values()} == {Presence.ON_DISK})
    session = used.store.services.get().session
    assert session is not None
    token = session.tokens.access_token()
    assert token not in texts(used)
    assert HKID not in used.windowTitle()

    # Offline: the store's studies go, the kept copies open without it and say how old they are.
    used.forget(tuple(used.session.stacks))
    used.store.streaming.close()
    assert not used.session.index.catalogue.studies
    used.store.show_library()
    panel = used.store.library.panel
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == 2, timeout=_LONG_MS)
    newest = panel.tree.topLevelItem(0)
    assert newest is not None
    panel.tree.setCurrentItem(newest)
    panel.open_button.click()
    qtbot.waitUntil(lambda: hung(used) == ["2026-01-10", "2024-01-10"], timeout=_LONG_MS)
    settle(qtbot, used)
    assert has_picture(used, 0)
    assert used.store.banner.isVisible()
    assert "2026-01-10" in used.store.banner.words.text()


def test_idle_locks_every_window_and_only_the_same_person_unlocks(
    qtbot: QtBot, used: MainWindow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(qtbot, used, store, "doctor")
    lock, other = used.store.lock, QWidget()
    qtbot.addWidget(other)
    other.show()
    clock = lock._clock()
    monkeypatch.setattr(lock, "_clock", lambda: clock + DEFAULT_IDLE_S + 1)
    lock.tick()
    assert lock.is_locked
    assert lock.cover.isVisible()
    assert lock.cover.geometry() == used.rect()
    assert any(child.objectName() == "lockCover" and child.isVisible() for child in other.findChildren(QWidget))
    session = used.store.services.get().session
    assert session is not None
    qtbot.waitUntil(lambda: not session.tokens.is_signed_in)
    # Keys do not reach what lies under the cover.
    QTest.keyClick(used, Qt.Key.Key_P)
    assert used.drawer.open_name == ""

    used.store.controller.open_browser = store.browser("radiologist")
    with qtbot.waitSignal(used.store.controller.sign_in_failed, timeout=_LONG_MS) as refused:
        lock.cover.page.browser_button.click()
    assert refused.args[0].code == "other_person"
    assert lock.is_locked
    used.store.controller.open_browser = store.browser("doctor")
    lock.cover.page.browser_button.click()
    qtbot.waitUntil(lambda: not lock.is_locked, timeout=_LONG_MS)
    assert not lock.cover.isVisible()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.mark.parametrize(
    ("user", "code", "offers"),
    [
        ("restricted", "restricted", "ask_button"),
        ("emergency", "no_sharing_consent", "emergency_button"),
        ("revoked", "consent_revoked", ""),
        ("clerk", "role", ""),
    ],
)
def test_each_refusal_has_its_own_screen(
    qtbot: QtBot, used: MainWindow, store: Store, user: str, code: str, offers: str
) -> None:
    sign_in(qtbot, used, store, user)
    panel = used.store.panel
    find(qtbot, used, lambda: panel.page is StorePage.REFUSAL)
    page: Any = panel.refusal
    assert page._error.code == code
    assert {name for name in ("ask_button", "emergency_button") if getattr(page, name).isVisible()} == (
        {offers} if offers else set()
    )
    assert panel.studies.tree.topLevelItemCount() == 0  # nothing of what there is leaks
    if not offers:
        return
    page.reason.setText("unconscious, no relatives")
    page.code.setText("123456")
    getattr(page, offers).click()
    qtbot.waitUntil(lambda: panel.page is StorePage.STUDIES, timeout=_LONG_MS)
    assert used.store.banner.isVisible() == (offers == "emergency_button")


def test_a_lost_sign_in_is_told_and_nothing_that_came_is_lost(qtbot: QtBot, used: MainWindow, store: Store) -> None:
    sign_in(qtbot, used, store, "doctor")
    session = used.store.services.get().session
    assert session is not None
    session.limit.set(100_000)
    open_newest(qtbot, used)
    qtbot.waitUntil(
        lambda: any(status.received > 2 for _, status in used.store.streaming._progress()), timeout=_LONG_MS
    )
    with qtbot.waitSignal(used.store.streaming.sign_in_needed, timeout=_LONG_MS):
        session.tokens.drop_tokens()
    assert used.notice.isVisible()
    session.limit.set(0)
    used.notice.action_button.click()
    qtbot.waitUntil(lambda: used.store.panel.page is StorePage.SIGN_IN)
    with qtbot.waitSignal(used.store.streaming.kept, timeout=_LONG_MS) as kept:
        used.store.panel.sign_in.browser_button.click()
    assert kept.args == [True]
    assert not used.notice.isVisible()
    settle(qtbot, used)
    assert has_picture(used, 0)
