"""The real window over volumes that are already in memory: no files, no workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from compare.session import commands
from compare.session.comparison_session import ComparisonSession, Role
from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Catalogue, Study
from loaders.model.volume import Volume
from loaders.workers.worker_pool import WorkerPool
from tests.support.examinations import make_patient
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.main_window.main_window import MainWindow
from viewer.rendering.presentation_grey import presentation_pixels, presentation_table
from viewer.rendering.reference_renderer import ReferenceRenderer


class MemoryVolumes(VolumeStore):
    """Gives out volumes that are all there."""

    def __init__(self, volumes: Sequence[Volume]) -> None:
        super().__init__(WorkerPool(2), MemoryBudget(1 << 28))  # workers that never start
        self._held = {volume.stack.key: volume for volume in volumes}

    def volume(self, stack: Stack) -> Volume | None:
        """The volume of a stack."""
        held = self._held.get(stack.key)
        return held if held is not None and held.stack is stack else None

    def give_up(self, volume: Volume) -> None:
        """Drop a volume, as memory running short would."""
        del self._held[volume.stack.key]
        self.dropped.emit(volume)

    def refusal(self, key: StackKey) -> WorldError | None:
        """Nothing is refused."""
        del key
        return None

    @property
    def is_settled(self) -> bool:
        """Nothing more arrives."""
        return True

    def show(self, shown: Sequence[tuple[Stack, int]]) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        """There is nothing to stop."""


@dataclass(frozen=True)
class Examination:
    """One study of one volume."""

    volume: Volume
    day: date = date(2026, 1, 10)
    modality: str = "CT"
    role: Role = Role.CURRENT


def named(volume: Volume, name: str, frame_of_reference_uid: str | None = None) -> Volume:
    """The same volume under another key, and in another frame of reference unless that is ``None``."""
    frames = tuple(_renamed(frame, f"{name}.{index}", frame_of_reference_uid) for index, frame in _each(volume))
    stack = replace(volume.stack, key=StackKey(name, f"{name}.1", "1"), frames=frames)
    return replace(volume, stack=stack)


def _each(volume: Volume) -> list[tuple[int, Frame]]:
    return list(enumerate(volume.stack.frames))


def _renamed(frame: Frame, uid: str, frame_of_reference_uid: str | None) -> Frame:
    plane: FramePlane | None = frame.plane
    if plane is not None and frame_of_reference_uid is not None:
        plane = replace(plane, frame_of_reference_uid=frame_of_reference_uid)
    return replace(frame, sop_instance_uid=uid, plane=plane)


def open_window(
    qtbot: QtBot, *examinations: Examination, size: tuple[int, int] = (1000, 560), frames: Sequence[int] = ()
) -> MainWindow:
    """Show examinations side by side, the first one active, at their middle slices or the ``frames`` named."""
    renderer = ReferenceRenderer(presentation_table, presentation_pixels)
    window = MainWindow(renderer, MemoryVolumes([one.volume for one in examinations]), JobRunner())

    def close(widget: MainWindow) -> None:
        widget.close()
        renderer.close()

    qtbot.addWidget(window, before_close_func=close)
    window.rail.set_collapsed(True)
    window.resize(*size)
    window.move(0, 0)
    window.show()
    window.activateWindow()  # keys reach an active window only
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    hang(window, examinations, frames)
    settle(qtbot)
    qtbot.waitUntil(lambda: all(widget._is_painted for widget in window.viewports()))
    return window


def window_over(*volumes: Volume) -> MainWindow:
    """A window that knows volumes and hangs nothing yet; not shown."""
    window = MainWindow(ReferenceRenderer(presentation_table, presentation_pixels), MemoryVolumes(volumes), JobRunner())
    window.rail.set_collapsed(True)
    return window


def hang_volumes(window: MainWindow, volumes: Sequence[Volume]) -> None:
    """Hang volumes side by side, the first as current, the others as priors."""
    roles = [Role.CURRENT, *[Role.PRIOR] * (len(volumes) - 1)]
    hang(window, [Examination(volume, role=role) for volume, role in zip(volumes, roles, strict=True)])


def hang(window: MainWindow, examinations: Sequence[Examination], frames: Sequence[int] = ()) -> None:
    """Hang examinations side by side, the first one active."""
    window.session.set_catalogue(Catalogue(tuple(_study(one) for one in examinations)))
    canvas = (window.width() // max(len(examinations), 1), window.height())

    def command(session: ComparisonSession) -> ComparisonSession:
        session = commands.set_layout(session, 1, len(examinations))
        for index in reversed(range(len(examinations))):
            one = examinations[index]
            at = frames[index] if index < len(frames) else None
            session = commands.show_stack(
                session, index, one.volume.stack, role=one.role, canvas=canvas, frame_index=at
            )
        return session

    window.session.apply(command)


def _study(one: Examination) -> Study:
    key = one.volume.stack.key
    series = Series(uid=key.series_uid, modality=one.modality, stacks=(one.volume.stack,))
    return Study(key.study_uid, make_patient(), study_date=one.day, series=(series,), key=key.study_uid)


def settle(qtbot: QtBot, milliseconds: int = 30) -> None:
    """Let timers of no length and repaints happen."""
    qtbot.wait(milliseconds)


def wheel(window: MainWindow, index: int, notches: int, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """Turn the wheel over the middle of a viewport; negative notches go towards the last slice."""
    target = window.viewports()[index]
    middle = QPointF(target.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(target.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)


def match(window: MainWindow) -> None:
    """Declare the two slices on screen to match."""
    window.session.apply(partial(commands.match_slices, first=0, second=1, stacks=window.session.stacks))


def hold_space(window: MainWindow, *, is_down: bool) -> None:
    """Press the key of flicker, or let it go."""
    (QTest.keyPress if is_down else QTest.keyRelease)(window, Qt.Key.Key_Space)
