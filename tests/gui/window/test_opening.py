"""Opening as a reader meets it: drops, archives, sticks that are pulled out, and a window that never stalls."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import pyzipper
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from loaders.discovery import header_scan, pooled_headers
from loaders.discovery.header_scan import HeaderRecord
from loaders.discovery.pooled_headers import HeaderSource, pooled_header_reader
from loaders.model.frame_validity import FrameState
from loaders.workers.worker_pool import WorkerPool
from tests.gui.window.conftest import MakeWindow, drop_paths, has_picture, hung, settle, write_study
from tests.support.dicom_files import SeriesRecipe
from viewer.main_window.main_window import MainWindow
from viewer.panels.password_dialog import PasswordDialog

pytestmark = pytest.mark.gui


class SlowHeaders:
    """Reads in the workers, but lets the scan go on only as far as the test allows."""

    def __init__(self, pool: WorkerPool, free: int) -> None:
        self._read = pooled_header_reader(pool)
        self._free = free
        self.go_on = threading.Event()

    def __call__(self, files: Sequence[HeaderSource]) -> Iterator[HeaderRecord]:
        listed = sorted(files, key=str)
        yield from self._read(listed[: self._free])
        self.go_on.wait(20)
        yield from self._read(listed[self._free :])


@pytest.fixture
def slow(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], SlowHeaders]]:
    made: list[SlowHeaders] = []

    def make(free: int) -> SlowHeaders:
        made.append(SlowHeaders(pool, free))
        monkeypatch.setattr(pooled_headers, "pooled_header_reader", lambda _pool: made[-1])
        return made[-1]

    yield make
    for one in made:
        one.go_on.set()


def test_first_picture_and_series_are_there_before_the_scan_has_ended(
    qtbot: QtBot, make_window: MakeWindow, slow: Callable[[int], SlowHeaders], tmp_path: Path
) -> None:
    write_study(tmp_path / "a", "now", "20250602", series=("lung", "bone"), slices=20)
    headers = slow(36)
    window = make_window()
    drop_paths(window.empty, tmp_path)
    qtbot.waitUntil(lambda: any(model.frame_state is FrameState.LOADED for model in window.presenting.models))
    assert window.opening.is_scanning
    assert window.empty.isHidden()
    assert len(window.rail._model.rows) >= 3
    headers.go_on.set()
    settle(qtbot, window)
    assert not window.opening.is_scanning


def test_headers_of_files_are_never_read_in_the_windows_process(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> HeaderRecord:
        raise AssertionError("a header was read beside the window")

    monkeypatch.setattr(header_scan, "read_header", refuse)
    window.open_paths([write_study(tmp_path / "a", "now", "20250602")])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02"]


def test_a_second_drop_adds_the_prior_and_keeps_the_slice_in_view(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    drop_paths(window.empty, write_study(tmp_path / "a", "now", "20250602"))
    settle(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_Home)
    QTest.keyClick(window, Qt.Key.Key_Down)
    QTest.keyClick(window, Qt.Key.Key_Down)
    volume = window.presenting.models[0].volume
    drop_paths(window, write_study(tmp_path / "b", "then", "20240517"))
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    assert window.session.session.viewports[0].view.frame_index == 2
    assert window.presenting.models[0].volume is volume, "what was loaded must not load again"


def encrypted(path: Path, folder: Path, password: str) -> Path:
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        for file in sorted(folder.rglob("*.dcm")):
            archive.writestr(file.name, file.read_bytes())
    return path


def answer(dialog: PasswordDialog, password: str) -> None:
    field = dialog.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, password)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_an_encrypted_archive_asks_until_the_password_fits_and_stores_it_nowhere(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    settings_file = tmp_path / "config" / "settings.json"
    window = make_window(settings_file=settings_file)
    archive = encrypted(tmp_path / "disc.zip", write_study(tmp_path / "a", "now", "20250602"), "right-one")
    drop_paths(window.empty, archive)

    def dialog() -> PasswordDialog | None:
        shown = [one for one in window.findChildren(PasswordDialog) if one.isVisible()]
        return shown[-1] if shown else None

    qtbot.waitUntil(lambda: dialog() is not None)
    first = dialog()
    assert first is not None
    answer(first, "wrong-one")
    qtbot.waitUntil(lambda: dialog() not in (None, first))
    second = dialog()
    assert second is not None
    answer(second, "right-one")
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02"]
    assert window.presenting.models[0].frame_state is FrameState.LOADED, "pixels come out of the archive too"
    window.settings.change(rail_width_px=150)
    window.close()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "config").rglob("*") if path.is_file())
    assert everything
    assert b"right-one" not in everything


def test_giving_no_password_leaves_the_rest_open(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "a", "now", "20250602")
    archive = encrypted(tmp_path / "disc.zip", write_study(tmp_path / "b", "then", "20240517"), "right-one")
    window.open_paths([folder, archive])
    qtbot.waitUntil(lambda: bool(window.findChildren(PasswordDialog)))
    window.findChildren(PasswordDialog)[0].reject()
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02"]


def test_a_stick_pulled_out_mid_scan_is_a_message_and_nothing_more(
    qtbot: QtBot, make_window: MakeWindow, slow: Callable[[int], SlowHeaders], tmp_path: Path
) -> None:
    stick = tmp_path / "STICK"
    write_study(stick, "now", "20250602", slices=200)
    headers = slow(40)
    window = make_window()
    window.open_paths([stick])
    qtbot.waitUntil(lambda: hung(window) == ["2025-06-02"])
    shutil.rmtree(stick)
    headers.go_on.set()
    qtbot.waitUntil(lambda: not window.opening.is_scanning)
    qtbot.waitUntil(window.notice.isVisible)
    assert "STICK" in window.notice._words.text()
    assert hung(window) == ["2025-06-02"], "what was found stays"
    QTest.keyClick(window, Qt.Key.Key_Down)
    assert window.isVisible()


def test_a_folder_that_is_not_there_is_a_notice(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.open_paths([tmp_path / "nowhere"])
    qtbot.waitUntil(window.notice.isVisible)
    assert "nowhere" in window.notice._words.text()
    assert window.empty.isVisible()
    window.open_paths([write_study(tmp_path / "a", "now", "20250602")])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02"], "a path that failed is not tried again with the next"


def test_cancelling_keeps_what_was_found(
    qtbot: QtBot, make_window: MakeWindow, slow: Callable[[int], SlowHeaders], tmp_path: Path
) -> None:
    write_study(tmp_path / "a", "now", "20250602", slices=80)
    headers = slow(40)
    window = make_window()
    window.open_paths([tmp_path])
    qtbot.waitUntil(lambda: hung(window) == ["2025-06-02"])
    qtbot.waitUntil(window.strip._cancel_button.isVisible)
    QTest.mouseClick(window.strip._cancel_button, Qt.MouseButton.LeftButton)
    assert not window.opening.is_scanning
    headers.go_on.set()
    settle(qtbot, window)
    assert 0 < len(window.presenting.models[0].stack.frames) < 80  # type: ignore[union-attr]  # it hangs
    assert has_picture(window, 0)


def test_bad_files_are_rows_and_a_count(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "a", "now", "20250602")
    (folder / "text.dcm").write_text("not a picture")
    (folder / "nothing").write_bytes(b"")
    window.open_paths([folder])
    settle(qtbot, window)
    assert {problem.code for problem in window.session.index.catalogue.problems} == {"not_dicom", "empty_file"}
    QTest.mouseClick(window.strip._problem_button, Qt.MouseButton.LeftButton)
    assert window.drawer.isVisible()


def tiny_files(folder: Path, count: int) -> None:
    """Two hundred series of ten slices each, of one patient, among files that are none."""
    from tests.support.dicom_files import dataset_bytes, slice_dataset, uid

    folder.mkdir()
    recipe = SeriesRecipe(slices=10, rows=2, columns=2)
    slices = [slice_dataset(recipe, index) for index in range(10)]
    for number in range(count):
        ds = slices[number % 10]
        ds.SeriesInstanceUID = uid(f"series {number // 10}")
        ds.SOPInstanceUID = uid(f"instance {number}")
        ds.SeriesNumber = number // 10
        (folder / f"{number:05d}").write_bytes(dataset_bytes(ds) if number % 25 else b"a stray text file")


def test_the_window_never_stalls_while_two_thousand_files_are_scanned(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """A heartbeat every 5 ms; time that the whole process was kept from running is not the window's."""
    tiny_files(tmp_path / "many", 2000)
    beats: list[tuple[float, float]] = []
    heart = QTimer()
    heart.setTimerType(Qt.TimerType.PreciseTimer)
    heart.timeout.connect(lambda: beats.append((time.perf_counter(), time.thread_time())))
    heart.start(5)
    window.open_paths([tmp_path / "many"])
    qtbot.waitUntil(lambda: not window.opening.is_scanning, timeout=60_000)
    heart.stop()
    # What the window's own thread computed between two beats: other work on the machine cannot lengthen that.
    longest_ms = 1000 * max(later[1] - earlier[1] for earlier, later in pairwise(beats))
    assert len(window.session.index.catalogue.studies[0].series) == 200
    assert longest_ms < 100
    settle(qtbot, window)


def test_a_disc_taken_out_leaves_what_was_read_on_screen(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    disc = write_study(tmp_path / "DISC", "now", "20250602")
    window.open_paths([disc])
    settle(qtbot, window)
    shutil.rmtree(disc)
    window.open_paths([write_study(tmp_path / "b", "then", "20240517")])
    settle(qtbot, window)
    assert "DISC" in window.notice._words.text()
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    assert window.presenting.models[0].frame_state is FrameState.LOADED
