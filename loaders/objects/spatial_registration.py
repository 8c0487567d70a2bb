"""Registration objects: rigid, affine and deformable maps between frames of reference (PS3.3 C.20.2, C.20.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.objects.image_references import ImageReference, image_references

REGISTRATION_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.1": "spatial registration",
    "1.2.840.10008.5.1.4.1.1.66.3": "deformable spatial registration",
}
_MAX_GRID_POINTS = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class DeformationGrid:
    """Displacements in mm, ``vectors_mm`` (z, y, x, 3) float32, on a grid in the registered frame of reference."""

    index_to_lps: NDArray[np.float64]  # (4, 4), from (x, y, z) grid indices
    vectors_mm: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """How one frame of reference lies in another.

    Without a grid ``matrix`` (4, 4) leads from ``source`` to ``registered``, as column vectors in LPS mm. With a grid
    the object is written the other way (C.20.3.1.1): a point of ``registered`` goes through ``before``, is displaced,
    goes through ``after`` and is then a point of ``source``; ``matrix`` is identity.
    """

    source_uid: str
    registered_uid: str
    kind: str  # RIGID, RIGID_SCALE, AFFINE
    matrix: NDArray[np.float64]
    source_images: tuple[ImageReference, ...] = ()
    grid: DeformationGrid | None = None
    before: NDArray[np.float64] | None = None
    after: NDArray[np.float64] | None = None


def registrations_of(top: Elements) -> tuple[Registration, ...]:
    """Read the registrations of an object that lead from one frame of reference to another; maps to itself are none."""
    registered = top.text("FrameOfReferenceUID")
    found = [_matrix_registration(item, registered) for item in top.items("RegistrationSequence")]
    found += [_grid_registration(item, registered) for item in top.items("DeformableRegistrationSequence")]
    return tuple(each for each in found if each is not None and each.source_uid and each.source_uid != registered)


def _matrix_registration(item: Elements, registered: str) -> Registration | None:
    chain = [step for each in item.items("MatrixRegistrationSequence") for step in each.items("MatrixSequence")]
    matrix = np.eye(4)
    kind = "RIGID"
    for step in chain:
        one = _matrix(step)
        if one is None:
            return None
        # PS3.3 C.20.2.1.1: the matrices are applied in the order of the items.
        matrix = one @ matrix
        this = step.text("FrameOfReferenceTransformationMatrixType").upper() or "RIGID"
        kind = (
            max(kind, this, key=("RIGID", "RIGID_SCALE", "AFFINE").index) if this in {"RIGID_SCALE", "AFFINE"} else kind
        )
    if not chain:
        return None
    return Registration(item.text("FrameOfReferenceUID"), registered, kind, matrix, image_references(item))


def _matrix(item: Elements) -> NDArray[np.float64] | None:
    numbers = item.numbers("FrameOfReferenceTransformationMatrix", 16)
    if numbers is None:
        return None
    matrix: NDArray[np.float64] = np.asarray(numbers, dtype=np.float64).reshape(4, 4)
    is_affine = np.allclose(matrix[3], (0.0, 0.0, 0.0, 1.0)) and abs(float(np.linalg.det(matrix))) > 1e-6
    return matrix if is_affine else None


def _grid_registration(item: Elements, registered: str) -> Registration | None:
    grid = _grid(item.item("DeformableRegistrationGridSequence"))
    if grid is None:
        return None
    sides = [
        _matrix(item.item(keyword))
        for keyword in ("PreDeformationMatrixRegistrationSequence", "PostDeformationMatrixRegistrationSequence")
    ]
    before, after = (np.eye(4) if side is None else side for side in sides)
    return Registration(
        item.text("SourceFrameOfReferenceUID"),
        registered,
        "DEFORMABLE",
        np.eye(4),
        image_references(item),
        grid,
        before,
        after,
    )


def _grid(item: Elements) -> DeformationGrid | None:
    dimensions, resolution = item.numbers("GridDimensions", 3), item.numbers("GridResolution", 3)
    position, cosines = item.numbers("ImagePositionPatient", 3), item.numbers("ImageOrientationPatient", 6)
    if dimensions is None or resolution is None or position is None or cosines is None or min(resolution) <= 0:
        return None
    x, y, z = (int(number) for number in dimensions)
    data = item.words("VectorGridData")
    if min(x, y, z) < 1 or x * y * z > _MAX_GRID_POINTS or len(data) != 12 * x * y * z:
        return None
    across, down = np.asarray(cosines[:3]), np.asarray(cosines[3:])
    index_to_lps = np.eye(4)
    for axis, direction in enumerate((across, down, np.cross(across, down))):
        index_to_lps[:3, axis] = direction * resolution[axis]
    index_to_lps[:3, 3] = position
    vectors = np.frombuffer(data, dtype="<f4").reshape(z, y, x, 3).astype(np.float32)
    # NaN marks points outside the deformation (C.20.3.1.3): nothing is known there, and nothing is displaced.
    return DeformationGrid(index_to_lps, np.nan_to_num(vectors, nan=0.0))
