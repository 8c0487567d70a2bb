"""Panels are tested in the clothes they wear: the theme changes sizes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from viewer.main_window.theme import apply_theme


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> QApplication:
    apply_theme(qapp, "en")
    return qapp
