"""Ordering, geometry checks and grouping, as properties over random oblique acquisitions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from loaders.discovery.geometry_checks import check_geometry, plane_name
from loaders.discovery.series_grouping import group_series
from loaders.discovery.slice_ordering import ordered
from loaders.model.display import FrameBadges
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack, StackKind, StackWarningCode
from loaders.model.units import PixelSpacing, SpacingBasis

CT = "1.2.840.10008.5.1.4.1.1.2"
_SPACING = PixelSpacing(0.7, 0.8, SpacingBasis.GEOMETRY)


def _triple(values: NDArray[np.float64]) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))


def _frame(
    number: int,
    origin: NDArray[np.float64] | None,
    rotation: NDArray[np.float64] | None = None,
    *,
    uid: str = "",
    rows: int = 6,
    kinds: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL"),
    discriminators: tuple[tuple[str, str], ...] = (),
) -> Frame:
    axes = np.eye(3) if rotation is None else rotation
    plane = None
    if origin is not None:
        plane = FramePlane(_triple(origin), _triple(axes[:, 0]), _triple(axes[:, 1]), "1.2.3")
    name = uid or f"1.{number}"
    return Frame(
        sop_instance_uid=name,
        sop_class_uid=CT,
        instance_number=number,
        frame_number=1,
        format=PixelFormat(rows, 8, 1, "MONOCHROME2", 16, 16, 15, True, "1.2.840.10008.1.2.1"),
        location=PixelLocation(FileLocator(Path(f"/x/{name}"))),
        spacing=_SPACING,
        plane=plane,
        badges=FrameBadges(image_type=kinds),
        discriminators=discriminators,
    )


def _rotation(angles: tuple[float, float, float]) -> NDArray[np.float64]:
    a, b, c = angles
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, dtype=np.float64)


def _shuffled(frames: list[Frame], seed: int) -> list[Frame]:
    order = np.random.default_rng(seed).permutation(len(frames))
    return [frames[index] for index in order]


def _line(count: int, step: float, rotation: NDArray[np.float64], tilt: float = 0.0) -> list[Frame]:
    along = rotation[:, 2] + np.tan(np.radians(tilt)) * rotation[:, 1]
    return [_frame(index + 1, np.array([5.0, -60.0, 12.0]) + index * step * along, rotation) for index in range(count)]


_ANGLES = st.tuples(*[st.floats(-3.1, 3.1)] * 3)
_STEPS = st.floats(0.3, 12.0)
_COUNTS = st.integers(3, 30)


@settings(deadline=None)
@given(_ANGLES, _STEPS, _COUNTS, st.integers(0, 10_000), st.floats(-29.0, 29.0))
def test_any_oblique_acquisition_is_recovered(
    angles: tuple[float, float, float], step: float, count: int, seed: int, tilt: float
) -> None:
    assume(abs(tilt) < 0.05 or abs(tilt) > 0.2)
    rotation = _rotation(angles)
    frames = _line(count, step, rotation, tilt)
    shuffled = _shuffled(frames, seed)
    result = ordered(shuffled)
    assert result == tuple(frames)
    found = check_geometry(result)
    assert found.kind is StackKind.VOLUME
    assert found.step_mm == pytest.approx(step, rel=1e-6)
    geometry = found.geometry
    assert geometry is not None
    for index in (0, count // 2, count - 1):
        plane = frames[index].plane
        assert plane is not None
        corner = geometry.index_to_lps @ [index, 2, 3, 1]
        np.testing.assert_allclose(corner[:3], plane.lps_of(3 * 0.8, 2 * 0.7), atol=1e-6)
    tilts = [warning.amount for warning in found.warnings if warning.code is StackWarningCode.GANTRY_TILT]
    assert tilts == ([] if abs(tilt) < 0.05 else [pytest.approx(abs(tilt), abs=1e-3)])
    assert geometry.is_sheared == bool(tilts)


@settings(deadline=None)
@given(_ANGLES, _STEPS, st.integers(5, 30), st.data())
def test_removed_slices_are_found_where_they_were(
    angles: tuple[float, float, float], step: float, count: int, data: st.DataObject
) -> None:
    removed = data.draw(st.sets(st.integers(1, count - 2), min_size=1, max_size=count - 4))
    kept = [index for index in range(count) if index not in removed]
    assume(any(b - a == 1 for a, b in pairwise(kept)))
    frames = _line(count, step, _rotation(angles))
    found = check_geometry(ordered([frames[index] for index in kept]))
    gaps = [warning for warning in found.warnings if warning.code is StackWarningCode.MISSING_SLICES]
    before = tuple(number for number, (a, b) in enumerate(pairwise(kept), start=1) if b - a > 1)
    assert [gap.slices for gap in gaps] == [before]
    assert found.kind is StackKind.STACK
    assert found.geometry is None
    assert found.step_mm == pytest.approx(step, rel=1e-6)


@given(st.floats(0.5, 10.0), st.floats(0.012, 0.45), st.integers(1, 8))
def test_a_step_that_is_no_multiple_is_uneven_and_never_a_volume(step: float, share: float, where: int) -> None:
    positions = np.arange(10) * step
    positions[where + 1 :] += max(share * step, 0.011)
    found = check_geometry(ordered([_frame(i + 1, np.array([0, 0, z])) for i, z in enumerate(positions)]))
    codes = {warning.code: warning.slices for warning in found.warnings}
    assert codes[StackWarningCode.UNEVEN_SPACING] == (where + 1,)
    assert found.kind is StackKind.STACK


@given(st.floats(0.5, 10.0), st.floats(0.0, 0.0099))
def test_rounding_within_the_tolerance_is_even(step: float, jitter: float) -> None:
    positions = np.arange(8) * step
    positions[3] += jitter / 2
    found = check_geometry(ordered([_frame(i + 1, np.array([0, 0, z])) for i, z in enumerate(positions)]))
    assert found.kind is StackKind.VOLUME
    assert found.warnings == ()


def test_small_differences_that_add_up_are_no_even_grid() -> None:
    steps = np.concatenate([np.full(60, 1.009), np.full(60, 0.9995)])
    positions = np.concatenate([[0.0], np.cumsum(steps)])
    found = check_geometry(ordered([_frame(i + 1, np.array([0, 0, z])) for i, z in enumerate(positions)]))
    assert found.kind is StackKind.STACK
    assert [warning.code for warning in found.warnings] == [StackWarningCode.UNEVEN_SPACING]


def test_a_slice_given_twice_is_said_by_number() -> None:
    frames = [_frame(i + 1, np.array([0, 0, 2.0 * i])) for i in range(5)]
    frames.append(_frame(99, np.array([0, 0, 4.0])))
    (stack,) = group_series(frames, "1", "2")
    assert stack.kind is StackKind.STACK
    assert [(w.code, w.slices) for w in stack.warnings] == [(StackWarningCode.DUPLICATE_POSITIONS, (4,))]


def test_slices_shifted_in_their_plane_are_no_volume() -> None:
    origins = [np.array([0.0, 3.0 if i == 2 else 0.0, 2.0 * i]) for i in range(5)]
    found = check_geometry(ordered([_frame(i + 1, origin) for i, origin in enumerate(origins)]))
    assert found.kind is StackKind.STACK
    assert StackWarningCode.UNEVEN_SPACING in {warning.code for warning in found.warnings}


def _split(stacks: tuple[Stack, ...]) -> dict[tuple[tuple[str, str], ...], int]:
    return {stack.split_by: len(stack.frames) for stack in stacks}


@given(st.integers(2, 6), st.integers(2, 5), st.integers(0, 1000))
def test_a_series_is_parted_by_what_varies_where_a_position_repeats(slices: int, values: int, seed: int) -> None:
    """The echo varies at each position; a clock that differs in every frame must not part it further."""
    frames = [
        _frame(
            value * 100 + index,
            np.array([0, 0, 3.0 * index]),
            discriminators=(("echo", str(value)), ("content_time", f"{value * slices + index:06d}")),
        )
        for value in range(values)
        for index in range(slices)
    ]
    stacks = group_series(_shuffled(frames, seed), "1", "2")
    assert _split(stacks) == {(("echo", str(value)),): slices for value in range(values)}
    assert all(len({frame.discriminators[0] for frame in stack.frames}) == 1 for stack in stacks)


def test_two_attributes_part_a_series_together() -> None:
    frames = [
        _frame(number, np.array([0, 0, 3.0 * z]), discriminators=(("b_value", b), ("diffusion_gradient", g)))
        for number, (z, (b, g)) in enumerate(
            (z, pair) for pair in [("0", ""), ("800", "1\\0\\0"), ("800", "0\\1\\0")] for z in range(4)
        )
    ]
    assert _split(group_series(frames, "1", "2")) == {
        (("b_value", "0"),): 4,
        (("b_value", "800"), ("diffusion_gradient", "0\\1\\0")): 4,
        (("b_value", "800"), ("diffusion_gradient", "1\\0\\0")): 4,
    }


def test_runs_with_nothing_but_numbers_to_tell_them_apart_are_dealt_out() -> None:
    frames = [_frame(run * 3 + z + 1, np.array([0, 0, 5.0 * z])) for run in range(4) for z in range(3)]
    stacks = group_series(frames, "1", "2")
    assert [stack.split_by for stack in stacks] == [(("repetition", str(run)),) for run in (1, 2, 3, 4)]
    assert [[frame.instance_number for frame in stack.frames] for stack in stacks] == [
        [1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12],
    ]  # fmt: skip


def test_a_cine_at_one_place_stays_one_stack() -> None:
    frames = [_frame(n, np.zeros(3), discriminators=(("trigger_time_ms", str(40 * n)),)) for n in range(1, 20)]
    (stack,) = group_series(frames, "1", "2")
    assert (len(stack.frames), stack.kind, stack.warnings) == (19, StackKind.STACK, ())


def test_localisers_stand_apart_and_last() -> None:
    main = [_frame(i, np.array([0, 0, 2.0 * i])) for i in range(4, 9)]
    scout = [_frame(1, np.array([0, 0, 5.0]), kinds=("ORIGINAL", "PRIMARY", "LOCALIZER"))]
    stacks = group_series(scout + main, "1", "2")
    assert [len(stack.frames) for stack in stacks] == [5, 1]
    assert stacks[0].kind is StackKind.VOLUME


def test_orientation_and_matrix_part_a_series_and_are_said() -> None:
    sagittal = _rotation((np.pi / 2, 0.0, np.pi / 2))
    frames = [_frame(i, np.array([0, 0, 2.0 * i])) for i in range(1, 5)]
    frames += [_frame(10 + i, 2.0 * i * sagittal[:, 2], sagittal) for i in range(1, 5)]
    frames += [_frame(20 + i, np.array([0, 0, 2.0 * i]), rows=4) for i in range(1, 5)]
    stacks = group_series(frames, "1", "2")
    assert sorted((stack.orientation, len(stack.frames)) for stack in stacks) == [
        ("axial", 4), ("axial", 4), ("sagittal", 4),
    ]  # fmt: skip
    for stack in stacks:
        codes = {warning.code for warning in stack.warnings}
        assert codes == {StackWarningCode.MIXED_ORIENTATION, StackWarningCode.MIXED_MATRIX}
    assert len({stack.key.stack_id for stack in stacks}) == 3


def test_a_rotation_of_single_planes_is_one_stack() -> None:
    frames = [_frame(n, np.zeros(3), _rotation((0.0, 0.15 * n, 0.0))) for n in range(1, 13)]
    (stack,) = group_series(frames, "1", "2")
    assert [frame.instance_number for frame in stack.frames] == list(range(1, 13))
    assert [warning.code for warning in stack.warnings] == [StackWarningCode.MIXED_ORIENTATION]


def test_missing_geometry_of_a_ct_is_said_and_frames_keep_instance_order() -> None:
    (stack,) = group_series([_frame(number, None) for number in (3, 1, 2)], "1", "2")
    assert [frame.instance_number for frame in stack.frames] == [1, 2, 3]
    assert [warning.code for warning in stack.warnings] == [StackWarningCode.MISSING_GEOMETRY]
    assert stack.geometry is None


@given(st.permutations(range(12)))
def test_stacks_and_their_names_do_not_depend_on_the_order_of_files(order: list[int]) -> None:
    frames = [_frame(n, np.array([0, 0, 2.0 * (n % 6)]), discriminators=(("b_value", str(n // 6)),)) for n in range(12)]
    assert group_series([frames[n] for n in order], "1", "2") == group_series(frames, "1", "2")


@pytest.mark.parametrize(
    ("angles", "name"),
    [((0.0, 0.0, 0.0), "axial"), ((np.pi / 2, 0, 0), "coronal"), ((0.4, 0, 0), "axial"), ((0.785, 0, 0), "oblique")],
)
def test_planes_bear_the_name_of_the_axis_within_30_degrees(angles: tuple[float, float, float], name: str) -> None:
    assert plane_name(_frame(1, np.zeros(3), _rotation(angles)).plane) == name
