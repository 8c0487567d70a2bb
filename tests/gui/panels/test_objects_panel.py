"""The list of what is beside the images: grouped, switchable, and without a way for markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from viewer.panels.objects_panel import ObjectKind, ObjectRow, ObjectsPanel

ROWS = (
    ObjectRow("1", ObjectKind.REPORT, "Radiology Report"),
    ObjectRow("2", ObjectKind.SEGMENTATION, "liver", is_on=True),
    ObjectRow("3", ObjectKind.STATE, "<b>bold</b>\u202e", note="its ICC profile is not applied"),
    ObjectRow("4", ObjectKind.KEY_IMAGES, "For Surgery"),
)


def _panel(qtbot: QtBot) -> tuple[ObjectsPanel, QTreeWidget]:
    panel = ObjectsPanel()
    qtbot.addWidget(panel)
    panel.set_rows(ROWS)
    return panel, panel.findChildren(QTreeWidget)[0]


def _items(tree: QTreeWidget) -> dict[str, QTreeWidgetItem]:
    groups = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    children = [group.child(number) for group in groups if group for number in range(group.childCount())]
    return {str(item.data(0, Qt.ItemDataRole.UserRole)): item for item in children if item is not None}


def test_objects_stand_under_their_kinds_in_order(qtbot: QtBot) -> None:
    _, tree = _panel(qtbot)
    groups = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    assert [group.text(0) for group in groups if group] == [
        "Presentation states", "Key images", "Segmentations", "Reports",
    ]  # fmt: skip


def test_text_from_files_is_shown_as_written(qtbot: QtBot) -> None:
    _, tree = _panel(qtbot)
    assert _items(tree)["3"].text(0) == "<b>bold</b>\ufffd\nits ICC profile is not applied"
    assert "<b>bold" not in _items(tree)["3"].toolTip(0)


def test_a_switch_says_which_and_how(qtbot: QtBot) -> None:
    panel, tree = _panel(qtbot)
    items = _items(tree)
    assert items["2"].checkState(0) is Qt.CheckState.Checked
    with qtbot.waitSignal(panel.switched) as told:
        items["3"].setCheckState(0, Qt.CheckState.Checked)
    assert told.args == ["3", True]
    with qtbot.waitSignal(panel.switched) as told:
        items["2"].setCheckState(0, Qt.CheckState.Unchecked)
    assert told.args == ["2", False]


def test_reports_and_key_images_are_opened(qtbot: QtBot) -> None:
    panel, tree = _panel(qtbot)
    opened: list[str] = []
    panel.opened.connect(opened.append)
    for uid in ("1", "2", "4"):
        tree.itemClicked.emit(_items(tree)[uid], 0)
    assert opened == ["1", "4"]


def test_a_report_is_plain_text(qtbot: QtBot) -> None:
    panel, _ = _panel(qtbot)
    panel.show_report("<script>alert(1)</script>\nNo effusion.")
    assert panel.report_text == "<script>alert(1)</script>\nNo effusion."


def test_without_objects_it_says_so(qtbot: QtBot) -> None:
    panel = ObjectsPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.set_rows(())
    assert not panel.findChildren(QTreeWidget)[0].isVisible()
