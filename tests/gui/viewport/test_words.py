"""What stands on a picture: nothing that must be said is left out, and little of the picture is covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import Role, Viewport
from compare.viewing.view_state import ViewState
from loaders.model.display import FrameBadges
from loaders.model.series import Equipment, Series
from loaders.model.stack import StackWarning, StackWarningCode
from tests.support.examinations import make_patient, make_series, make_study
from tests.support.pictures import make_stack
from viewer.rendering.flicker import FlickerBasis
from viewer.viewport.badges import safety_badges
from viewer.viewport.corner_texts import compact_lines, corner_texts, laterality_text, tooltip_lines
from viewer.viewport.overlay_painter import paint_lines
from viewer.viewport.pane_font import FontMeasure, pane_font
from viewer.viewport.text_layout import Pane, PlacedLine, lay_out, lay_out_compact
from viewer.viewport.viewport_model import CineNote, LinkBadge, LinkKind, ViewportModel

pytestmark = pytest.mark.gui

LONG = "WONG CHEUNG^ALEXANDER BARTHOLOMEW TSZ KIN"


def model(**changes: object) -> ViewportModel:
    """A prior with everything to say: long names, a lossy frame, irregular slices, a link by hand."""
    stack = make_stack(slices=114, thickness_mm=2.5)
    badges = FrameBadges(is_lossy=True, lossy_ratio=12.4, burned_in_annotation=True, image_type=("DERIVED", "PRIMARY"))
    frames = tuple(replace(frame, badges=badges) for frame in stack.frames)
    warnings = (
        StackWarning(StackWarningCode.MISSING_SLICES, (40,), 7.5),
        StackWarning(StackWarningCode.GANTRY_TILT, (), 14.0),
        StackWarning(StackWarningCode.UNEVEN_SPACING, (12,), 0.4),
        StackWarning(StackWarningCode.DUPLICATE_POSITIONS, (3, 4)),
    )
    stack = replace(stack, frames=frames, warnings=warnings)
    series = make_series(
        description="Thorax nativ diagnostisch mit sehr langer Bezeichnung B60f",
        stack=stack,
        number=12,
        equipment=Equipment("SIEMENS", "Sensation 64", "CT1", "Private Imaging Laboratory B, Kowloon"),
        technique=(("kernel", "B60f"),),
    )
    patient = make_patient(LONG, "黃長亞歷山大", identifier="A123456(3)", birth_date=date(1958, 3, 12))
    study = make_study("study-1", series, day=date(2024, 5, 17), at=time(9, 30), patient=patient)
    made = ViewportModel(
        viewport=Viewport(stack.key, "study-1", Role.PRIOR, ViewState(56, (10.0, 10.0), 0.5)),
        study=study,
        series=series,
        stack=stack,
        newest_date=date(2025, 6, 2),
        link=LinkBadge(LinkKind.BY_HAND, offset_mm=12.5),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def placed(shown: ViewportModel, width: float, height: float) -> tuple[Sequence[PlacedLine], FontMeasure]:
    measure = FontMeasure(pane_font(QFont("sans-serif"), width, height))
    pane = Pane(width, height)
    texts = corner_texts(shown)
    if pane.is_compact:
        badges = [text for text in texts if text.badge_code]
        return lay_out_compact(compact_lines(shown), badges, pane, measure, badges[0].tone).lines, measure
    return lay_out(texts, pane, measure).lines, measure


@pytest.mark.parametrize(("width", "height"), [(400, 400), (500, 800), (900, 400), (930, 940), (1800, 1000)])
def test_what_must_be_said_is_said_in_full_and_covers_little(qtbot: QtBot, width: int, height: int) -> None:
    lines, measure = placed(model(), width, height)
    said = " ".join(line.text for line in lines)
    flat = "".join(said.split())
    for must in (
        "WONGCHEUNG", "黃長亞歷山大", "A123456(3)", "12Mar1958", "PRIOR17May2024", "1y0mearlier", "LOSSY12.4:1",
        "LINKEDbyhand+12.5mm", "gantrytilt14.0°", "gapof7.5mm", "unevenspacing,0.4mmoff", "slicesatoneposition",
        "notforprimarydiagnosis", "TEXTINPICTURE", "DERIVED",
    ):  # fmt: skip
        assert must in flat, must
    boxes = [QRectF(line.x, line.y, line.width, line.height) for line in lines]
    for number, box in enumerate(boxes):
        assert box.left() >= 0
        assert box.right() <= width
        assert box.bottom() <= height
        assert not any(box.adjusted(1, 1, -1, -1).intersects(other) for other in boxes[number + 1 :])
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(QColor(128, 128, 128))
    painter = QPainter(image)
    paint_lines(painter, measure, lines)
    painter.end()
    grey = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(height, image.bytesPerLine())[:, :width]
    # A pane this small with four irregularities of its stack is the worst case; an ordinary one stays well below.
    limit = 0.05 if min(width, height) > 450 else 0.055
    assert np.mean(np.abs(grey.astype(int) - 128) > 24) <= limit


def test_an_ordinary_small_pane_keeps_below_a_twentieth(qtbot: QtBot) -> None:
    shown = model()
    assert shown.stack is not None
    plain = replace(shown.stack, warnings=(), frames=make_stack(slices=114).frames)
    shown = replace(shown, stack=plain, viewport=replace(shown.viewport, stack=plain.key))
    lines, measure = placed(shown, 400, 400)
    image = QImage(400, 400, QImage.Format.Format_Grayscale8)
    image.fill(QColor(128, 128, 128))
    painter = QPainter(image)
    paint_lines(painter, measure, lines)
    painter.end()
    grey = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(400, image.bytesPerLine())[:, :400]
    assert np.mean(np.abs(grey.astype(int) - 128) > 24) <= 0.05


def test_a_small_pane_says_who_and_when_on_top_and_the_rest_in_its_tooltip(qtbot: QtBot) -> None:
    lines, _ = placed(model(), 260, 240)
    said = "".join("".join(line.text for line in lines).split())
    assert "PRIOR17May2024" in said
    assert "A123456(3)" in said
    assert "LOSSY12.4:1" in said
    assert "Thoraxnativ" not in said
    tooltip = "\n".join(tooltip_lines(model()))
    assert "Thorax nativ" in tooltip
    assert "A123456(3)" not in tooltip  # a tooltip is not the picture: masked there
    assert "A12" in tooltip


def test_the_order_in_which_texts_yield_is_fixed(qtbot: QtBot) -> None:
    order = ["CT", "Private Imaging", "Se 12", "57/114", "window automatic", "mm/px"]
    shown_before: set[str] = set(order)
    for height in range(1000, 320, -20):
        lines, _ = placed(model(), 520, height)
        said = [line.text for line in lines]
        shown = {word for word in order if any(text.startswith(word) or word in text for text in said)}
        kept = [word for word in order if word in shown]
        assert kept == order[: len(kept)]
        assert len(shown) <= len(shown_before)
        shown_before = shown


@pytest.mark.parametrize(
    ("modality", "body_part", "laterality", "view", "words"),
    [
        ("MG", "BREAST", "R", "MLO", "RIGHT side MLO"),
        ("MG", "BREAST", "", "CC", "CC side ?"),
        ("DX", "HAND", "", "", "side ?"),
        ("DX", "Knee", "L", "AP", "LEFT side AP"),
        ("DX", "CHEST", "", "PA", "PA"),
        ("DX", "HIP", "U", "", ""),
        ("CT", "CHEST", "", "", ""),
        ("CR", "ANKLE", "X", "", "side ?"),
    ],
)
def test_a_side_is_stated_or_a_question_mark(
    modality: str, body_part: str, laterality: str, view: str, words: str
) -> None:
    series = Series("1", modality, body_part=body_part, laterality=laterality, view_position=view)
    assert laterality_text(series) == words


def test_a_study_on_its_own_has_a_date_and_no_order(qtbot: QtBot) -> None:
    shown = model(is_alone=True, viewport=replace(model().viewport, role=Role.UNKNOWN))
    said = " ".join(text.text for text in corner_texts(shown))
    assert "17 May 2024" in said
    assert "order not known" not in said
    beside = " ".join(text.text for text in corner_texts(replace(shown, is_alone=False)))
    assert "order not known" in beside


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"flicker": FlickerBasis.OWN_PLACE}, "flicker", "NOT IN PLACE: as in its own view"),
        ({"flicker": FlickerBasis.OUTSIDE}, "flicker", "PRIOR DOES NOT REACH HERE"),
        ({"nearest_slice": 57}, "interpolated", "INTERPOLATED, nearest slice 57"),
        ({"is_warped": True}, "warped", "WARPED"),
        ({"cine": CineNote(12.5, is_default=False)}, "cine", "CINE 12.5/s"),
        ({"cine": CineNote(10.0, is_default=True)}, "cine", "CINE 10/s (default)"),
        ({"cine": CineNote(30.0, is_default=False, reached_per_second=14.0)}, "cine", "CINE 14.0 of 30/s"),
    ],
)
def test_each_state_has_its_badge(changes: dict[str, object], code: str, words: str) -> None:
    found = [badge.text for badge in safety_badges(model(**changes)) if badge.code == code]
    assert found == [words]


def test_a_localiser_is_called_one() -> None:
    shown = model()
    assert shown.stack is not None
    badges = FrameBadges(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    stack = replace(shown.stack, frames=tuple(replace(frame, badges=badges) for frame in shown.stack.frames))
    codes = {badge.code for badge in safety_badges(replace(shown, stack=stack))}
    assert "localiser" in codes
    assert "derived" not in codes
