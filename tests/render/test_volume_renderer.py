"""Volumes seen as a whole: what lies where, from which side, in which colour. VTK in software is enough."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

from compare.reformat.even_volume import on_even_grid
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.viewing.volume_presets import fitting_presets, volume_presets
from loaders.errors import WorldError
from loaders.model.display import Window
from loaders.model.units import ValueUnit
from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.phantom_stacks import EVEN, UNEVEN, PhantomGeometry, phantom_stack, phantom_volume
from viewer.headless.vr import run
from viewer.rendering.volume_renderer import VolumeRenderer, VolumeView

pytestmark = pytest.mark.vtk
SIZE = 200


@pytest.fixture(scope="module")
def renderer() -> Iterator[VolumeRenderer]:
    made = VolumeRenderer(uses_gpu=False)
    yield made
    made.close()


def ball(geometry: PhantomGeometry, centre_lps_mm: NDArray[np.float64], radius_mm: float = 4.0) -> SampledVolume:
    """A ball of bone in air, by the distance of each voxel's place in the patient."""
    shape = (len(geometry.positions_mm), geometry.rows, geometry.columns)
    stored = np.full(shape, -1000, dtype=np.int16)
    stack = phantom_stack(geometry)
    for index, frame in enumerate(stack.frames):
        assert frame.plane is not None
        rows, columns = np.indices(shape[1:])
        points = (
            np.asarray(frame.plane.origin_lps_mm)
            + columns[..., None] * frame.spacing.column_mm * np.asarray(frame.plane.column_step_lps)
            + rows[..., None] * frame.spacing.row_mm * np.asarray(frame.plane.row_step_lps)
        )
        stored[index][np.linalg.norm(points - centre_lps_mm, axis=-1) < radius_mm] = 1000
    return sampled(phantom_volume(stack, stored))


def seen_at(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """The middle (column, row) of what is bright, as shares of the half side from the centre."""
    weights = picture.astype(float).sum(axis=-1)
    rows, columns = np.indices(weights.shape)
    half = (SIZE - 1) / 2
    return (
        float(((columns - half) * weights).sum() / weights.sum() / half),
        float(((rows - half) * weights).sum() / weights.sum() / half),
    )


@pytest.mark.parametrize(
    ("azimuth", "offset", "right", "down"),
    [
        (0.0, (6.0, 0.0, 0.0), 1, 0),  # from the front, the patient's left is on the right
        (180.0, (6.0, 0.0, 0.0), -1, 0),
        (90.0, (0.0, 6.0, 0.0), 1, 0),  # from the left, the back is on the right
        (270.0, (0.0, 6.0, 0.0), -1, 0),
        (0.0, (0.0, 0.0, 8.0), 0, -1),
        (45.0, (0.0, 0.0, 8.0), 0, -1),
    ],
)
@pytest.mark.parametrize("tilt", [0.0, 20.0])
def test_what_lies_where(
    renderer: VolumeRenderer, azimuth: float, offset: tuple[float, float, float], right: int, down: int, tilt: float
) -> None:
    geometry = PhantomGeometry(EVEN, tilt_degrees=tilt)
    middle = np.asarray(sampled_centre(geometry))
    volume = ball(geometry, middle + offset)
    picture = renderer.render(volume, volume_presets()["bone"], VolumeView(azimuth), width=SIZE, height=SIZE)
    column, row = seen_at(picture)
    scale = np.linalg.norm(offset) / half_side_mm(volume)
    assert column == pytest.approx(right * scale, abs=0.04)
    assert row == pytest.approx(down * scale, abs=0.04)
    assert not picture[0].any()
    assert not picture[:, 0].any()


def sampled_centre(geometry: PhantomGeometry) -> tuple[float, float, float]:
    stored = np.zeros((len(geometry.positions_mm), geometry.rows, geometry.columns), dtype=np.int16)
    return sampled(phantom_volume(phantom_stack(geometry), stored)).grid.centre_lps_mm


def half_side_mm(volume: SampledVolume) -> float:
    """By the rule of the renderer's scale: the turning circle of the volume, and a little room."""
    corners = volume.grid.corners_lps_mm() - np.asarray(volume.grid.centre_lps_mm)
    return 1.04 * max(float(np.linalg.norm(corners[:, :2], axis=1).max()), float(np.abs(corners[:, 2]).max()))


def test_the_highest_value_is_shown_in_its_window(renderer: VolumeRenderer) -> None:
    geometry = PhantomGeometry(EVEN)
    volume = ball(geometry, np.asarray(sampled_centre(geometry)), radius_mm=6.0)
    mip = volume_presets()["mip"]
    view = VolumeView(0.0)
    for window, expected in ((Window(1000.0, 1000.0), 128), (Window(500.0, 1000.0), 255), (Window(2000.0, 1000.0), 0)):
        picture = renderer.render(volume, mip, view, width=SIZE, height=SIZE, window=window)
        assert picture[SIZE // 2, SIZE // 2].tolist() == pytest.approx([expected] * 3, abs=3)
        assert picture[2, 2].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="window"):
        renderer.render(volume, mip, view, width=SIZE, height=SIZE)


def test_coarse_shows_the_same_place(renderer: VolumeRenderer) -> None:
    geometry = PhantomGeometry(EVEN)
    volume = ball(geometry, np.add(sampled_centre(geometry), (5.0, 0.0, 5.0)))
    pictures = [
        renderer.render(
            volume, volume_presets()["bone"], VolumeView(20.0), width=SIZE, height=SIZE, is_coarse=is_coarse
        )
        for is_coarse in (False, True)
    ]
    np.testing.assert_allclose(seen_at(pictures[1]), seen_at(pictures[0]), atol=0.03)


def test_uneven_stacks_go_through_an_even_grid(renderer: VolumeRenderer) -> None:
    centre = np.asarray((0.0, 0.0, 45.0))
    volume = ball(UNEVEN, centre)
    with pytest.raises(ValueError, match="uneven"):
        renderer.render(volume, volume_presets()["bone"], VolumeView(), width=SIZE, height=SIZE)
    even = on_even_grid(volume)
    assert even.grid.is_even
    _, row = seen_at(renderer.render(even, volume_presets()["bone"], VolumeView(), width=SIZE, height=SIZE))
    middle = even.grid.centre_lps_mm[2]
    assert row == pytest.approx(-(45.0 - middle) / half_side_mm(even), abs=0.05)


def test_presets_hold_in_their_unit() -> None:
    assert [preset.code for preset in fitting_presets(ValueUnit.HOUNSFIELD)] == ["bone", "vessels", "lung", "mip"]
    assert [preset.code for preset in fitting_presets(ValueUnit.STORED)] == ["mip"]


def test_the_verb(tmp_path: Path) -> None:
    recipe = SeriesRecipe(slices=12, rows=20, columns=24, spacing_mm_zyx=(1.0, 1.0, 1.0))
    write_series(tmp_path / "ct", recipe)
    out, document = tmp_path / "vr.png", tmp_path / "vr.json"
    common = ["--azimuth", "30", "--size", "120", "90", "--out", str(out), "--json", str(document)]
    assert run([str(tmp_path / "ct"), "--preset", "bone", *common]) == 0
    written = json.loads(document.read_text("utf-8"))
    schema = json.loads(files("resources").joinpath("schemas/vr.schema.json").read_text("utf-8"))
    jsonschema.validate(written, schema, cls=jsonschema.Draft202012Validator)
    write_series(tmp_path / "mr", replace(recipe, modality="MR"))
    with pytest.raises(WorldError, match="mip"):
        run([str(tmp_path / "mr"), "--preset", "bone", *common])
    assert run([str(tmp_path / "mr"), "--preset", "mip", *common]) == 0
