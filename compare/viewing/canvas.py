"""The one place that knows how a canvas, an image and the patient lie upon each other.

Four coordinate systems, and nothing else in the program converts between them:

* *canvas*: device pixels, (0, 0) at the top-left **corner** of the canvas, x right, y down; the centre of the first
  device pixel is (0.5, 0.5);
* *in-plane mm*: (right, down) along the stored columns and rows, (0, 0) at the centre of the first stored pixel;
* *image*: (column, row) of the stored matrix, (0, 0) at the **centre** of the first pixel, so that its corner is
  (-0.5, -0.5);
* *patient*: LPS millimetres (PS3.3 C.7.6.2.1.1).

The picture is first mirrored left to right (``flipped``), then turned clockwise (``quarter_turns``), about the point
``centre_mm``, which lies at the middle of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import ViewState
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane

Point = tuple[float, float]

#: Clockwise quarter turns on a canvas whose y points down: ((xx, xy), (yx, yy)).
_TURNS = (
    ((1.0, 0.0), (0.0, 1.0)),
    ((0.0, -1.0), (1.0, 0.0)),
    ((-1.0, 0.0), (0.0, -1.0)),
    ((0.0, 1.0), (-1.0, 0.0)),
)


def picture_axes(view: ViewState) -> tuple[Point, Point]:
    """Return where stored right and stored down point on the canvas, as two unit vectors (x right, y down)."""
    (xx, xy), (yx, yy) = _TURNS[view.quarter_turns % 4]
    mirror = -1.0 if view.flipped else 1.0
    return (mirror * xx, mirror * yx), (xy, yy)


@dataclass(frozen=True, slots=True)
class CanvasTransform:
    """Converts between canvas, in-plane mm, image and patient for one view of one frame on one canvas.

    ``right`` and ``down`` are the canvas directions of the stored columns' and rows' increase. Make it with
    :meth:`of`; it holds plain numbers and may be kept, compared and hashed.
    """

    width: float
    height: float
    mm_per_pixel: float
    centre_mm: Point
    right: Point
    down: Point
    column_mm: float
    row_mm: float
    plane: FramePlane | None

    @classmethod
    def of(cls, view: ViewState, frame: Frame, width: float, height: float) -> CanvasTransform:
        """Build the transform for a canvas of ``width`` x ``height`` device pixels.

        Raises ``ValueError`` when the scale is not a positive finite number.
        """
        if not (np.isfinite(view.mm_per_pixel) and view.mm_per_pixel > 0.0):
            raise ValueError(f"mm per pixel must be positive, not {view.mm_per_pixel}")
        right, down = picture_axes(view)
        return cls(
            width=float(width),
            height=float(height),
            mm_per_pixel=view.mm_per_pixel,
            centre_mm=view.centre_mm,
            right=right,
            down=down,
            column_mm=frame.spacing.column_mm,
            row_mm=frame.spacing.row_mm,
            plane=frame.plane,
        )

    def in_plane_mm_to_canvas(self, right_mm: float, down_mm: float) -> Point:
        """Return the canvas point of an in-plane point in mm."""
        right = (right_mm - self.centre_mm[0]) / self.mm_per_pixel
        down = (down_mm - self.centre_mm[1]) / self.mm_per_pixel
        return (
            self.width / 2.0 + right * self.right[0] + down * self.down[0],
            self.height / 2.0 + right * self.right[1] + down * self.down[1],
        )

    def canvas_to_in_plane_mm(self, x: float, y: float) -> Point:
        """Return (right, down) in mm of a canvas point."""
        from_middle = (x - self.width / 2.0, y - self.height / 2.0)
        right, down = self.canvas_vector_to_in_plane_mm(*from_middle)
        return (self.centre_mm[0] + right, self.centre_mm[1] + down)

    def canvas_vector_to_in_plane_mm(self, dx: float, dy: float) -> Point:
        """Return (right, down) in mm of a *movement* on the canvas, such as a drag."""
        # The axes are orthonormal, so the inverse of the turn is its transpose.
        return (
            (dx * self.right[0] + dy * self.right[1]) * self.mm_per_pixel,
            (dx * self.down[0] + dy * self.down[1]) * self.mm_per_pixel,
        )

    def canvas_to_image(self, x: float, y: float) -> Point:
        """Return (column, row) of a canvas point; integers are pixel centres."""
        right_mm, down_mm = self.canvas_to_in_plane_mm(x, y)
        return (right_mm / self.column_mm, down_mm / self.row_mm)

    def image_to_canvas(self, column: float, row: float) -> Point:
        """Return the canvas point of an image point."""
        return self.in_plane_mm_to_canvas(column * self.column_mm, row * self.row_mm)

    @property
    def matrix_image_to_canvas(self) -> NDArray[np.float64]:
        """Affine, shape (3, 3), from (column, row, 1) to canvas (x, y, 1)."""
        across = self.column_mm / self.mm_per_pixel
        along = self.row_mm / self.mm_per_pixel
        x0, y0 = self.in_plane_mm_to_canvas(0.0, 0.0)
        return np.array(
            [
                [across * self.right[0], along * self.down[0], x0],
                [across * self.right[1], along * self.down[1], y0],
                [0.0, 0.0, 1.0],
            ],
            dtype=np.float64,
        )

    @property
    def matrix_canvas_to_image(self) -> NDArray[np.float64]:
        """Affine, shape (3, 3), from canvas (x, y, 1) to (column, row, 1): the inverse, in closed form."""
        across = self.mm_per_pixel / self.column_mm
        along = self.mm_per_pixel / self.row_mm
        column0, row0 = self.canvas_to_image(0.0, 0.0)
        return np.array(
            [
                [across * self.right[0], across * self.right[1], column0],
                [along * self.down[0], along * self.down[1], row0],
                [0.0, 0.0, 1.0],
            ],
            dtype=np.float64,
        )

    def canvas_to_lps(self, x: float, y: float) -> NDArray[np.float64] | None:
        """Return the patient point in LPS mm, shape (3,), or ``None`` where the frame's place is not known."""
        if self.plane is None:
            return None
        return self.plane.lps_of(*self.canvas_to_in_plane_mm(x, y))

    def lps_to_canvas(self, lps_mm: NDArray[np.float64]) -> tuple[float, float, float] | None:
        """Return canvas x, y of a patient point projected onto the plane, and its signed distance from it in mm.

        ``None`` where the frame's place in the patient is not known.
        """
        if self.plane is None:
            return None
        right_mm, down_mm, off_plane_mm = self.plane.in_plane_mm(lps_mm)
        return (*self.in_plane_mm_to_canvas(right_mm, down_mm), off_plane_mm)


def frame_centre_mm(frame: Frame) -> Point:
    """Return the in-plane point in mm that is the middle of the whole image, corner to corner."""
    return (
        (frame.format.columns - 1) / 2.0 * frame.spacing.column_mm,
        (frame.format.rows - 1) / 2.0 * frame.spacing.row_mm,
    )


def frame_extent_mm(frame: Frame) -> tuple[float, float]:
    """Return (across, down) of the whole image in mm, outer edges of the outer pixels included."""
    return (frame.format.columns * frame.spacing.column_mm, frame.format.rows * frame.spacing.row_mm)


def fit_scale(frame: Frame, width: float, height: float, quarter_turns: int = 0) -> float:
    """Return the smallest mm per device pixel at which the whole image lies on the canvas.

    Raises ``ValueError`` for a canvas without area.
    """
    if width <= 0 or height <= 0:
        raise ValueError(f"a canvas of {width} x {height} has no area")
    across_mm, down_mm = frame_extent_mm(frame)
    if quarter_turns % 2:
        across_mm, down_mm = down_mm, across_mm
    return max(across_mm / width, down_mm / height)


def one_to_one_scale(frame: Frame) -> float:
    """Return mm per device pixel at which one stored pixel takes one device pixel, by the finer of its two sides."""
    return min(frame.spacing.column_mm, frame.spacing.row_mm)
