"""Colours of a viewport: thin strokes and words only, no large bright areas. Words always say what a colour says."""

from __future__ import annotations

from PySide6.QtGui import QColor

from compare.session.comparison_session import Role

IMAGE_GROUND = QColor("#000000")
CHROME = QColor("#1B1E23")
CHROME_RAISED = QColor("#262A31")
LINE = QColor("#343A43")
TEXT = QColor("#C7CDD6")
QUIET_TEXT = QColor("#8A93A0")
CURRENT = QColor("#6CB8FF")
PRIOR = QColor("#F2B65A")
WARNING = QColor("#E8C547")
DANGER = QColor("#FF6B5E")
FINE = QColor("#6FCF97")
CURSOR = QColor("#7FE3E0")
SHADOW = QColor(0, 0, 0, 235)
HATCH = QColor("#2A2F37")

ROLE_COLOURS = {Role.CURRENT: CURRENT, Role.PRIOR: PRIOR, Role.UNKNOWN: TEXT}
