"""The prior under the current's pixels: an analytic anatomy says what must be seen there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from compare.linking.frame_graph import IdentityTransform, LinkBasis, RigidTransform, SpaceLink
from compare.viewing.canvas import CanvasTransform
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.display import Padding, VoiFunction, Window
from loaders.model.frame_plane import Vector3
from loaders.model.frame_validity import FrameState
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from viewer.rendering.flicker import FlickerBasis, FlickerPlan, flicker_picture, plan_flicker
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest

Points = NDArray[np.float64]
WINDOW = Window(1000, 2000, VoiFunction.LINEAR_EXACT)
SAME = SpaceLink(LinkBasis.SAME_FRAME, IdentityTransform(), 0.0)
AXIAL: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@pytest.fixture
def renderer() -> Iterator[ReferenceRenderer]:
    made = ReferenceRenderer()
    yield made
    made.close()


def anatomy(lps_mm: Points) -> Points:
    """Values from 200 to 1800, changing over some 20 mm in every direction."""
    x, y, z = np.moveaxis(lps_mm, -1, 0)
    return np.asarray(1000 + 500 * np.sin(x / 19.0 + 0.3) * np.cos(y / 23.0) + 300 * np.sin(z / 21.0 + y / 60.0))


def acquire(
    of: Callable[[Points], Points],
    *,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float],
    slice_mm: float,
    origin: Vector3,
    axes: tuple[Vector3, Vector3] = AXIAL,
) -> Volume:
    """A volume whose voxels hold the anatomy at their own place."""
    z, y, x = np.meshgrid(*(np.arange(size, dtype=float) for size in shape), indexing="ij")
    normal = np.cross(axes[0], axes[1])
    lps = (
        np.asarray(origin)
        + (x * spacing_mm[1])[..., np.newaxis] * np.asarray(axes[0])
        + (y * spacing_mm[0])[..., np.newaxis] * np.asarray(axes[1])
        + (z * slice_mm)[..., np.newaxis] * normal
    )
    stored = np.rint(of(lps)).astype(np.int16)
    return make_volume(stored, spacing_mm=spacing_mm, slice_mm=slice_mm, origin_lps_mm=origin, axes=axes)


def pixels_of(plan: FlickerPlan, renderer: ReferenceRenderer) -> NDArray[np.uint8]:
    """What is shown under a plan."""
    picture = flicker_picture(plan, renderer)
    assert picture is not None
    return picture.pixels


def current_request(**changes: object) -> SliceRequest:
    volume = acquire(anatomy, shape=(9, 60, 70), spacing_mm=(1.5, 1.5), slice_mm=4.0, origin=(-50.0, -45.0, -16.0))
    view = replace(ViewState(4, (52.0, 44.0), 0.6), **changes)  # type: ignore[arg-type]
    return SliceRequest(volume, view, Presentation(window=WINDOW), 110, 90)


def expected_grey(current: SliceRequest) -> Points:
    canvas = CanvasTransform.of(current.view, current.volume.frame(current.view.frame_index), 110, 90)
    points = [canvas.canvas_to_lps(x + 0.5, y + 0.5) for y in range(90) for x in range(110)]
    values = anatomy(np.array(points, dtype=float)).reshape(90, 110)
    return np.clip((values - 1000) / 2000 + 0.5, 0, 1) * 255.0


def as_request(volume: Volume, frame_index: int = 0) -> SliceRequest:
    return SliceRequest(volume, ViewState(frame_index, (3.0, 4.0), 0.9), Presentation(window=WINDOW), 33, 44)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_parallel_slices_show_the_same_anatomy_under_every_pixel(
    renderer: ReferenceRenderer, turns: int, flipped: bool
) -> None:
    current = current_request(quarter_turns=turns, flipped=flipped)
    prior = acquire(anatomy, shape=(40, 140, 150), spacing_mm=(0.9, 0.8), slice_mm=1.0, origin=(-60.0, -60.0, -20.05))
    plan = plan_flicker(current, as_request(prior), SAME)
    assert plan.basis is FlickerBasis.SLICE
    assert plan.off_plane_mm == pytest.approx(0.05, abs=1e-6)
    picture = pixels_of(plan, renderer)
    assert picture.shape == (90, 110)
    assert np.max(np.abs(picture - expected_grey(current))) < 2.0


def test_a_plane_between_two_slices_is_interpolated_and_names_the_nearest(renderer: ReferenceRenderer) -> None:
    current = current_request()
    prior = acquire(anatomy, shape=(16, 140, 150), spacing_mm=(0.9, 0.8), slice_mm=3.0, origin=(-60.0, -60.0, -20.5))
    plan = plan_flicker(current, as_request(prior), SAME)
    # The current's plane is z = 0: between the slices at -2.5 and 0.5 mm, nearer to the latter, the eighth.
    assert plan.basis is FlickerBasis.RESAMPLED
    assert plan.nearest_index == 7
    assert plan.off_plane_mm == pytest.approx(0.5, abs=1e-6)
    assert np.max(np.abs(pixels_of(plan, renderer) - expected_grey(current))) < 2.5


def test_an_uneven_prior_shows_its_nearest_slice_and_says_how_far_off(renderer: ReferenceRenderer) -> None:
    current = current_request()
    prior = acquire(anatomy, shape=(16, 140, 150), spacing_mm=(0.9, 0.8), slice_mm=3.0, origin=(-60.0, -60.0, -20.5))
    uneven = replace(prior, stack=replace(prior.stack, geometry=None))
    plan = plan_flicker(current, as_request(uneven), SAME)
    assert plan.basis is FlickerBasis.SLICE
    assert plan.nearest_index == 7
    assert plan.off_plane_mm == pytest.approx(0.5, abs=1e-6)


def test_a_prior_stored_mirrored_and_turned_is_put_right(renderer: ReferenceRenderer) -> None:
    current = current_request()
    prior = acquire(
        anatomy,
        shape=(40, 140, 150),
        spacing_mm=(0.8, 0.9),
        slice_mm=1.0,
        origin=(-60.0, 65.0, -20.05),
        axes=((0.0, -1.0, 0.0), (1.0, 0.0, 0.0)),
    )
    plan = plan_flicker(current, as_request(prior), SAME)
    assert plan.basis is FlickerBasis.SLICE
    assert np.max(np.abs(pixels_of(plan, renderer) - expected_grey(current))) < 2.0


@pytest.mark.parametrize("degrees", [2.0, 14.0])
@pytest.mark.parametrize("about", [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.6, 0.0, 0.8)])
def test_a_turned_or_tilted_prior_is_resampled_in_place(
    renderer: ReferenceRenderer, degrees: float, about: Vector3
) -> None:
    current = current_request()
    matrix = rigid(degrees, about, (7.0, -4.0, 3.0))
    back = np.linalg.inv(matrix)

    def moved(lps_mm: Points) -> Points:
        return anatomy(lps_mm @ back[:3, :3].T + back[:3, 3])

    prior = acquire(moved, shape=(80, 150, 170), spacing_mm=(1.0, 1.0), slice_mm=1.0, origin=(-70.0, -70.0, -40.0))
    link = SpaceLink(LinkBasis.RIGID, RigidTransform(matrix), 1.0)
    plan = plan_flicker(current, as_request(prior), link)
    assert plan.basis is FlickerBasis.RESAMPLED
    assert np.max(np.abs(pixels_of(plan, renderer) - expected_grey(current))) < 2.0


class Breathing:
    """A smooth deformation: every point moves along z and y by up to 3 mm."""

    def map_points(self, lps_mm: Points) -> Points:
        """Move points, shape (n, 3)."""
        x, y, z = lps_mm.T
        return np.stack((x, y + 2.0 * np.sin(x / 30.0), z + 3.0 * np.cos(y / 25.0)), axis=1)

    def inverse(self) -> Breathing:
        """Not asked for: a picture needs the way from the current to the prior only."""
        raise NotImplementedError


def test_a_deformed_prior_is_unwarped_point_by_point(renderer: ReferenceRenderer) -> None:
    current = current_request()
    prior = acquire(anatomy, shape=(80, 150, 170), spacing_mm=(1.0, 1.0), slice_mm=1.0, origin=(-70.0, -70.0, -40.0))
    plan = plan_flicker(current, as_request(prior), SpaceLink(LinkBasis.DEFORMABLE, Breathing(), 1.4))
    assert plan.basis is FlickerBasis.RESAMPLED
    canvas = CanvasTransform.of(current.view, current.volume.frame(current.view.frame_index), 110, 90)
    points = np.array([canvas.canvas_to_lps(x + 0.5, y + 0.5) for y in range(90) for x in range(110)], dtype=float)
    wanted = np.clip((anatomy(Breathing().map_points(points)).reshape(90, 110) - 1000) / 2000 + 0.5, 0, 1) * 255.0
    assert np.max(np.abs(pixels_of(plan, renderer) - wanted)) < 2.5


def rigid(degrees: float, about: Vector3, shift: Vector3) -> Points:
    """Rodrigues' rotation with a shift, (4, 4)."""
    k = np.array(((0, -about[2], about[1]), (about[2], 0, -about[0]), (-about[1], about[0], 0)), dtype=float)
    angle = np.radians(degrees)
    matrix = np.eye(4)
    matrix[:3, :3] = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)
    matrix[:3, 3] = shift
    return matrix


def test_without_a_transform_the_prior_keeps_its_own_place_at_the_currents_scale() -> None:
    current = current_request()
    prior = as_request(current.volume, 2)
    for link in (None, SpaceLink(LinkBasis.RELATIVE, IdentityTransform(), None)):
        plan = plan_flicker(current, prior, link)
        assert plan.basis is FlickerBasis.OWN_PLACE
        assert plan.request is not None
        assert plan.request.view == replace(prior.view, mm_per_pixel=current.view.mm_per_pixel)
        assert (plan.request.width, plan.request.height) == (110, 90)


def test_scales_that_do_not_compare_are_not_made_equal() -> None:
    current = current_request()
    volume = current.volume
    frames = tuple(
        replace(frame, spacing=PixelSpacing(1.0, 1.0, SpacingBasis.PIXELS_ONLY)) for frame in volume.stack.frames
    )
    prior = as_request(replace(volume, stack=replace(volume.stack, frames=frames)))
    plan = plan_flicker(current, prior, None)
    assert plan.basis is FlickerBasis.OWN_SCALE
    assert plan.request is not None
    assert plan.request.view == prior.view


def test_beyond_the_priors_coverage_there_is_nothing_to_show(renderer: ReferenceRenderer) -> None:
    prior = acquire(anatomy, shape=(5, 60, 70), spacing_mm=(1.5, 1.5), slice_mm=2.0, origin=(-50.0, -45.0, 90.0))
    plan = plan_flicker(current_request(), as_request(prior), SAME)
    assert plan.basis is FlickerBasis.OUTSIDE
    assert flicker_picture(plan, renderer) is None


def test_slices_that_are_not_there_yet_give_no_picture(renderer: ReferenceRenderer) -> None:
    current = current_request()
    prior = acquire(anatomy, shape=(80, 80, 90), spacing_mm=(2.0, 2.0), slice_mm=1.0, origin=(-70.0, -70.0, -40.0))
    link = SpaceLink(LinkBasis.RIGID, RigidTransform(rigid(6.0, (1.0, 0.0, 0.0), (0.0, 0.0, 0.0))), 1.0)
    plan = plan_flicker(current, as_request(prior), link)
    assert plan.basis is FlickerBasis.RESAMPLED
    assert flicker_picture(plan, renderer) is not None
    prior.validity.mark(40, FrameState.WAITING)
    assert flicker_picture(plan, renderer) is None


def test_padding_of_a_resampled_prior_is_black_and_does_not_bleed(renderer: ReferenceRenderer) -> None:
    stored = np.full((80, 120, 130), 1000, dtype=np.int16)
    stored[:, :, 70:] = -2000
    prior = make_volume(stored, padding=Padding(-2000, -2000), origin_lps_mm=(-70.0, -60.0, -40.0))
    link = SpaceLink(LinkBasis.RIGID, RigidTransform(rigid(6.0, (1.0, 0.0, 0.0), (0.0, 0.0, 0.0))), 1.0)
    plan = plan_flicker(current_request(), as_request(prior), link)
    picture = pixels_of(plan, renderer)
    # 1000 is the window's centre, 127.5; any bleeding would give levels between that and black.
    assert set(np.unique(picture).tolist()) - {127, 128} == {0}
