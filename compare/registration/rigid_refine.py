"""Rigid alignment to a fraction of a voxel by Gauss-Newton on locally normalised pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.channels import Channels, Mask
from compare.registration.registration_image import Points
from compare.registration.work_grid import WorkGrid, in_slabs, look_up
from loaders.progress import CancelToken

#: Beyond this difference of normalised values a voxel is taken to be another tissue (Geman-McClure weighting).
ROBUST_SCALE = 1.2
_CLOSE_MM = 0.01


@dataclass(frozen=True, eq=False)
class Prepared:
    """One image ready for comparison on one grid."""

    grid: WorkGrid
    channels: Channels
    body: Mask


@dataclass(frozen=True, slots=True)
class Fit:
    """How well two pictures agree under a transform: mean correlation of the channels and share of points in common."""

    correlation: float
    overlap: float


class RigidRefiner:
    """Refines between one prepared current and one prepared prior image."""

    def __init__(self, current: Prepared, prior: Prepared, most_points: int, seed: int = 7) -> None:
        self._prior = prior
        inside = np.flatnonzero(ndi.binary_dilation(current.body, iterations=1) & (current.channels.weight > 0))
        if inside.size > most_points:
            inside = np.sort(np.random.default_rng(seed).choice(inside, most_points, replace=False))
        index = np.stack(np.unravel_index(inside, current.grid.shape_zyx), axis=1).astype(np.float64)
        self._points = current.grid.to_lps(index)
        self._values = [picture.ravel()[inside] for picture in current.channels.pictures]
        axes, step = current.grid.axes_lps, current.grid.spacing_mm
        self._gradients = [_gradient_at(picture, inside, axes, step) for picture in current.channels.pictures]
        self._prior_gradients = [np.stack(list(np.gradient(picture))) for picture in prior.channels.pictures]

    def refine(self, current_to_prior: NDArray[np.float64], steps: int, cancel: CancelToken) -> NDArray[np.float64]:
        """Return a better (4, 4) in LPS mm, rotation kept proper."""
        matrix = current_to_prior.copy()
        centre = self._points.mean(axis=0)
        for _ in range(steps):
            cancel.raise_if_cancelled()
            normal, right = self._normal_equations(matrix, centre)
            scale = np.trace(normal) / 6.0
            if scale <= 0:
                return matrix
            change = np.linalg.solve(normal + 1e-4 * np.diag(np.diag(normal)) + 1e-9 * scale * np.eye(6), right)
            matrix = matrix @ _small_motion(change, centre)
            if np.abs(change[3:]).max() < _CLOSE_MM and np.abs(change[:3]).max() * 100.0 < _CLOSE_MM:
                break
        return matrix

    def fit(self, matrix: NDArray[np.float64]) -> Fit:
        """How well the two agree under a transform."""
        index, weight = self._look(matrix)
        share = float(np.mean(weight > 0))
        used = weight > 0
        if share < 0.02:
            return Fit(0.0, share)
        scores, masses = [], []
        for mine, picture in zip(self._values, self._prior.channels.pictures, strict=True):
            theirs = look_up(picture, index)[used]
            ours = mine[used]
            mass = float(ours @ ours + theirs @ theirs)
            scores.append(2.0 * float(ours @ theirs))
            masses.append(mass)
        return Fit(sum(scores) / max(sum(masses), 1e-6), share)

    def _look(self, matrix: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        mapped = self._points @ matrix[:3, :3].T + matrix[:3, 3]
        index = np.ascontiguousarray(self._prior.grid.to_index(mapped).T.astype(np.float32))
        return index, look_up(self._prior.channels.weight, index)

    def _normal_equations(
        self, matrix: NDArray[np.float64], centre: Points
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        index, weight = self._look(matrix)
        # Gradients of the prior in the current's directions: through the rotation and the prior grid's axes.
        turn_back = matrix[:3, :3].T @ self._prior.grid.axes_lps[:, ::-1] / self._prior.grid.spacing_mm
        arm = (self._points - centre).astype(np.float32)
        normals: list[NDArray[np.float64]] = []
        for channel, picture in enumerate(self._prior.channels.pictures):

            def gather(first: int, last: int, channel: int = channel, picture: NDArray[np.float32] = picture) -> None:
                part = index[:, first:last]
                residual = self._values[channel][first:last] - ndi.map_coordinates(picture, part, order=1)
                slopes = np.stack([ndi.map_coordinates(g, part, order=1) for g in self._prior_gradients[channel]])
                gradient = 0.5 * ((turn_back.astype(np.float32) @ slopes).T + self._gradients[channel][first:last])
                rows = np.concatenate([np.cross(arm[first:last], gradient), gradient], axis=1)
                w = weight[first:last] / (1.0 + (residual / ROBUST_SCALE) ** 2) ** 2
                joint = np.concatenate([rows, residual[:, None]], axis=1)
                normals.append((joint * w[:, None]).T.astype(np.float64) @ joint)

            in_slabs(len(self._points), gather)
        total: NDArray[np.float64] = np.sum(normals, axis=0)
        return total[:6, :6], total[:6, 6]


def _gradient_at(
    picture: NDArray[np.float32], inside: NDArray[np.intp], axes: NDArray[np.float64], step: float
) -> NDArray[np.float32]:
    slopes = np.stack([part.ravel()[inside] for part in np.gradient(picture)[::-1]])
    result: NDArray[np.float32] = (axes.astype(np.float32) @ slopes / step).T
    return result


def _small_motion(change: NDArray[np.float64], centre: Points) -> NDArray[np.float64]:
    """(4, 4) of a rotation vector (3,) about ``centre`` and a shift (3,), by Rodrigues' formula."""
    vector = change[:3]
    angle = float(np.linalg.norm(vector))
    rotation = np.eye(3)
    if angle > 1e-12:
        angle_used = min(angle, 0.35)
        k = vector / angle
        cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
        rotation = np.eye(3) + np.sin(angle_used) * cross + (1.0 - np.cos(angle_used)) * cross @ cross
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = centre + change[3:] - rotation @ centre
    return matrix
