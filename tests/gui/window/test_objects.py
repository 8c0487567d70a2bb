"""Objects beside the images in the real window: states change greys, overlays lie over, key images are jumped to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from compare.linking.frame_graph import LinkBasis
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, write_series
from tests.support.dicom_objects import (
    content,
    item,
    key_object,
    presentation_state_of,
    rigid_registration,
    text_report,
)
from viewer.main_window.main_window import MainWindow
from viewer.panels.objects_panel import ObjectKind

MakeWindow = Callable[..., MainWindow]
RECIPE = SeriesRecipe(slices=6, rows=48, columns=64, spacing_mm_zyx=(2.0, 1.0, 1.0))


def _opened(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    window.open_paths([folder])
    qtbot.waitUntil(lambda: bool(window.presenting.models and window.presenting.models[0].volume), timeout=20000)
    qtbot.waitUntil(lambda: window.is_settled, timeout=20000)


def _picture(window: MainWindow) -> NDArray[np.uint8]:
    """The middle of the first viewport, away from its texts, as RGB."""
    widget = window.viewports()[0]
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows, line = image.height(), image.bytesPerLine()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(rows, line)[:, : 3 * image.width()]
    whole = pixels.reshape(rows, image.width(), 3)
    return whole[rows // 3 : 2 * rows // 3, image.width() // 3 : 2 * image.width() // 3].copy()


def _is_at(window: MainWindow, index: int) -> bool:
    return window.session.session.viewports[0].view.frame_index == index


def _rows(window: MainWindow) -> dict[ObjectKind, str]:
    return {row.kind: row.uid for row in window.objects.panel._rows}


def test_a_state_changes_the_greys_and_comes_off_again(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    write_series(tmp_path / "in", RECIPE)
    image = slice_dataset(RECIPE, 0)
    circle = item(GraphicAnnotationUnits="PIXEL", GraphicType="CIRCLE", GraphicData=[32.0, 24.0, 38.0, 24.0])
    state = presentation_state_of(
        image,
        SoftcopyVOILUTSequence=[item(WindowCenter=[150], WindowWidth=[300])],
        PresentationLUTShape="INVERSE",
        GraphicAnnotationSequence=[item(GraphicLayer="A", GraphicObjectSequence=[circle])],
    )
    (tmp_path / "in" / "state.dcm").write_bytes(dataset_bytes(state))
    window = make_window()
    _opened(qtbot, window, tmp_path / "in")
    window.viewports()[0].slice_chosen.emit(0, 0)
    qtbot.wait(50)
    before = _picture(window)
    uid = _rows(window)[ObjectKind.STATE]
    window.objects.panel.switched.emit(uid, True)
    qtbot.waitUntil(lambda: window.viewports()[0]._overlays is not None, timeout=10000)
    qtbot.waitUntil(lambda: not np.array_equal(_picture(window), before), timeout=10000)
    model = window.presenting.models[0]
    assert model.window is not None
    assert (model.window.center, model.window.width) == (150, 300)
    assert model.volume is not None
    assert model.volume.frame(0).display.is_inverted
    window.objects.panel.switched.emit(uid, False)
    qtbot.waitUntil(lambda: np.array_equal(_picture(window), before), timeout=10000)


def test_overlays_never_lie_over_another_slice(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    write_series(tmp_path / "in", RECIPE)
    state = presentation_state_of(
        slice_dataset(RECIPE, 2),
        GraphicAnnotationSequence=[
            item(
                GraphicLayer="A",
                GraphicObjectSequence=[
                    item(GraphicAnnotationUnits="PIXEL", GraphicType="POLYLINE", GraphicData=[5.0, 5.0, 50.0, 40.0])
                ],
            )
        ],
    )
    (tmp_path / "in" / "state.dcm").write_bytes(dataset_bytes(state))
    window = make_window()
    _opened(qtbot, window, tmp_path / "in")
    window.objects.panel.switched.emit(_rows(window)[ObjectKind.STATE], True)
    widget = window.viewports()[0]
    for index, lines in ((2, 1), (3, 0), (2, 1), (0, 0)):
        widget.slice_chosen.emit(0, index)
        qtbot.waitUntil(lambda: widget._overlays is not None, timeout=10000)
        assert widget._overlays is not None
        frame, overlays = widget._overlays
        assert frame is widget.model.frame
        assert len(overlays.lines) == lines


def test_key_images_are_jumped_to_one_after_the_other(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    write_series(tmp_path / "in", RECIPE)
    key = key_object([slice_dataset(RECIPE, 1), slice_dataset(RECIPE, 4)])
    (tmp_path / "in" / "key.dcm").write_bytes(dataset_bytes(key))
    window = make_window()
    _opened(qtbot, window, tmp_path / "in")
    window.viewports()[0].slice_chosen.emit(0, 0)
    uid = _rows(window)[ObjectKind.KEY_IMAGES]
    for index in (1, 4, 1):
        window.objects.panel.opened.emit(uid)
        qtbot.waitUntil(partial(_is_at, window, index), timeout=10000)
    assert "For Surgery" in window.objects.panel.report_text


def test_a_report_opens_as_plain_text(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    write_series(tmp_path / "in", RECIPE)
    report = text_report(content("TEXT", "Findings", TextValue="<i>Clear</i> lungs."))
    (tmp_path / "in" / "report.dcm").write_bytes(dataset_bytes(report))
    window = make_window()
    _opened(qtbot, window, tmp_path / "in")
    window.objects.panel.opened.emit(_rows(window)[ObjectKind.REPORT])
    qtbot.waitUntil(lambda: "Findings: <i>Clear</i> lungs." in window.objects.panel.report_text, timeout=10000)


def test_a_registration_object_reaches_the_frame_graph(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    write_series(tmp_path / "in", SeriesRecipe(name="a", study="prior", frame_of_reference="prior frame"))
    write_series(tmp_path / "in", SeriesRecipe(name="b", study="current", frame_of_reference="current frame"))
    registration = rigid_registration("prior frame", "current frame", np.eye(4))
    (tmp_path / "in" / "registration.dcm").write_bytes(dataset_bytes(registration))
    window = make_window()
    _opened(qtbot, window, tmp_path / "in")
    qtbot.waitUntil(
        lambda: any(edge.basis is LinkBasis.SPATIAL_REGISTRATION for edge in window.session.graph.edges),
        timeout=10000,
    )
