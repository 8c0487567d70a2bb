"""A session comes back as it was, says nothing of the patient, and a damaged file does no harm."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.following.lesion import Lesion, LesionRole, NonTargetState
from compare.reformat.mpr_state import MprState
from compare.reformat.plane import SlabMode
from compare.session.comparison_session import (
    ComparisonSession,
    Layout,
    LinkedAction,
    ManualOffset,
    Role,
    Viewport,
)
from compare.session.key_image import KeyImage
from compare.session.measurement import POINTS, Measurement, MeasurementKind
from compare.session.planes_view import FusionStyle, PlanesArrangement, PlanesView, RowWindow, VolumeCamera
from compare.session.session_file import SessionFileError, session_from_json, session_to_json
from compare.viewing.view_state import Interpolation, Presentation, ViewState, WindowOrigin
from loaders.model.display import VoiFunction, Window
from loaders.model.stack import StackKey

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NUMBER = st.floats(-1e6, 1e6)
_POINT = st.tuples(_NUMBER, _NUMBER)
_LPS = st.tuples(_NUMBER, _NUMBER, _NUMBER)
_KEY = st.builds(StackKey, _TEXT, _TEXT, _TEXT)
_WINDOW = st.builds(Window, _NUMBER, st.floats(1, 1e5), st.sampled_from(VoiFunction), _TEXT)
_VIEWPORT = st.builds(
    Viewport,
    st.none() | _KEY,
    _TEXT,
    st.sampled_from(Role),
    st.builds(
        ViewState, st.integers(0, 5000), _POINT, st.floats(1e-3, 100), st.integers(0, 3), st.booleans(), st.booleans()
    ),
    st.builds(
        Presentation,
        st.none() | _WINDOW,
        st.sampled_from(WindowOrigin),
        st.none() | st.integers(0, 9),
        st.booleans(),
        _TEXT,
        st.sampled_from(Interpolation),
    ),
    st.frozensets(st.sampled_from(LinkedAction)),
)


_LESION = st.builds(
    Lesion,
    _TEXT,
    _TEXT,
    st.sampled_from(LesionRole),
    st.booleans(),
    _TEXT,
    st.dictionaries(_TEXT, st.sampled_from(NonTargetState), max_size=2).map(
        lambda states: tuple(sorted(states.items()))
    ),
)


@st.composite
def _measurements(draw: st.DrawFn) -> Measurement:
    kind = draw(st.sampled_from(MeasurementKind))
    least, most = POINTS[kind]
    points = draw(st.lists(_POINT, min_size=least, max_size=min(most, least + 3), unique=True))
    return Measurement(
        draw(_TEXT),
        kind,
        draw(_KEY),
        draw(_TEXT),
        draw(st.integers(1, 99)),
        tuple(points),
        draw(_TEXT),
        draw(_TEXT),
        draw(st.booleans()),
    )


@st.composite
def _planes(draw: st.DrawFn) -> PlanesView:
    stacks = tuple(draw(st.lists(_KEY, min_size=1, max_size=2)))
    middle = MprState(draw(_LPS), draw(_LPS), draw(st.floats(0.02, 20.0)))
    turned = middle.turned(draw(st.integers(0, 2)), draw(st.floats(-180, 180))).turned(0, draw(st.floats(-180, 180)))
    mpr = replace(turned, slab_mm=draw(st.floats(0, 100)), mode=draw(st.sampled_from(SlabMode)))
    windows = st.none() | st.builds(RowWindow, _TEXT, _WINDOW)
    return PlanesView(
        stacks,
        mpr,
        tuple(draw(st.lists(windows, min_size=len(stacks), max_size=len(stacks)))),
        draw(st.sampled_from(PlanesArrangement)),
        draw(st.none() | st.tuples(st.integers(0, 2), st.integers(0, 2))),
        FusionStyle(draw(_TEXT), draw(st.floats(0, 1)), draw(st.floats(0, 1))),
        VolumeCamera(draw(_TEXT), draw(_NUMBER), draw(_NUMBER)),
        draw(st.booleans()),
    )


@st.composite
def _sessions(draw: st.DrawFn) -> ComparisonSession:
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = rows * columns
    return ComparisonSession(
        layout=Layout(rows, columns, draw(st.none() | st.integers(0, cells - 1))),
        viewports=tuple(draw(st.lists(_VIEWPORT, min_size=cells, max_size=cells))),
        active=draw(st.integers(0, cells - 1)),
        offsets=tuple(draw(st.lists(st.builds(ManualOffset, _KEY, _KEY, _NUMBER), max_size=2))),
        measurements=tuple(draw(st.lists(_measurements(), max_size=3))),
        lesions=tuple(draw(st.lists(_LESION, max_size=2))),
        key_images=tuple(draw(st.lists(st.builds(KeyImage, _KEY, _TEXT, st.integers(1, 99)), max_size=2))),
        is_linked=draw(st.booleans()),
        identity_confirmed=draw(st.frozensets(st.tuples(_TEXT, _TEXT), max_size=2)),
        identity_overrides=tuple(draw(st.lists(st.tuples(_TEXT, _TEXT, _TEXT), max_size=2))),
        planes=draw(st.none() | _planes()),
    )


def _schema() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("resources").joinpath("schemas/session.schema.json").read_text("utf-8"))
    return stored


@settings(max_examples=40)
@given(_sessions())
def test_every_session_comes_back_and_fits_the_schema(session: ComparisonSession) -> None:
    text = session_to_json(session)
    read = session_from_json(text)
    assert read.session == session
    assert read.left_out == ()
    jsonschema.validate(json.loads(text), _schema())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "not a session file"),
        ('{"format": "other"}', "not a session file"),
        ('{"format": "diptych-session"}', "no version"),
        ('{"format": "diptych-session", "version": 99}', "newer version"),
        ('{"format": "diptych-session", "version": 1, "layout": {"rows": 900, "columns": 1}}', "no sound layout"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_session_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(SessionFileError, match=words):
        session_from_json(text)


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_entry_is_left_out_and_named(data: st.DataObject) -> None:
    stored = json.loads(session_to_json(ComparisonSession()))
    rubbish: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | _NUMBER | _TEXT | st.lists(st.integers(), max_size=3) | st.just({})
    )
    for name in (
        "viewports",
        "offsets",
        "measurements",
        "lesions",
        "key_images",
        "identity_confirmed",
        "identity_overrides",
        "active",
    ):
        stored[name] = data.draw(rubbish | st.lists(rubbish, max_size=3))
    read = session_from_json(json.dumps(stored))
    assert len(read.session.viewports) == 1
    assert read.session.offsets == ()
    assert read.session.measurements == ()


def test_numbers_that_json_does_not_know_are_no_view() -> None:
    text = session_to_json(ComparisonSession()).replace('"mm_per_pixel": 1.0', '"mm_per_pixel": NaN')
    read = session_from_json(text)
    assert read.left_out == ("viewport 1",)
    assert read.session.viewports == (Viewport(),)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mm_per_pixel", 0.0),
        ("slab_mm", -1.0),
        ("stacks", []),
        ("mode", "sideways"),
        ("frames", [{"normal_lps": [0, 0, 1], "up_lps": [0, 0, 1]}] * 3),
        ("crosshair_lps_mm", [0.0, 0.0]),
        ("fusion", {"colour_map": "grey", "opacity": 2.0, "threshold_share": 0.1}),
    ],
)
def test_planes_that_cannot_stand_are_left_out_with_a_note(name: str, wrong: object) -> None:
    view = PlanesView((StackKey("1", "2", "3"),), MprState((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0))
    stored = json.loads(session_to_json(ComparisonSession(planes=view)))
    stored["planes"][name] = wrong
    read = session_from_json(json.dumps(stored))
    assert read.session.planes is None
    assert read.left_out == ("planes 1",)
