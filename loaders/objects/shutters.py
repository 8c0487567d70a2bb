"""Display shutters: what of a picture is to be seen (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.model.overlay import Colour, ShutterOverlay
from loaders.objects.cielab import colour_of, grey_of
from loaders.objects.polygon_filling import inside_polygon

_BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Shutters:
    """All shutters of one object; what every one of them leaves open is seen. Rows and columns count from 1."""

    rectangle: tuple[float, float, float, float] | None = None  # left, right, upper, lower edge
    circle: tuple[float, float, float] | None = None  # row and column of the centre, radius
    polygon: tuple[float, ...] = ()  # row, column, row, column, ...
    overlay_group: int | None = None
    colour: Colour = _BLACK

    def open_pixels(self, rows: int, columns: int) -> ShutterOverlay | None:
        """Return the pixels left open, or ``None`` where no shutter has a geometry (a bitmap is an overlay plane)."""
        if self.rectangle is None and self.circle is None and not self.polygon:
            return None
        row, column = np.mgrid[1 : rows + 1, 1 : columns + 1].astype(np.float32)
        is_open: NDArray[np.bool_] = np.ones((rows, columns), dtype=np.bool_)
        if self.rectangle is not None:
            left, right, upper, lower = self.rectangle
            is_open &= (column >= left) & (column <= right) & (row >= upper) & (row <= lower)
        if self.circle is not None:
            centre_row, centre_column, radius = self.circle
            is_open &= (row - centre_row) ** 2 + (column - centre_column) ** 2 <= radius**2
        if self.polygon:
            corners = np.asarray(self.polygon, dtype=np.float64).reshape(-1, 2)[:, ::-1] - 1.0
            is_open &= inside_polygon(corners, rows, columns)
        return ShutterOverlay(is_open, self.colour)


def shutters_of(top: Elements) -> Shutters | None:
    """Return the shutters of an image or a presentation state, ``None`` without any."""
    shapes = {shape.upper() for shape in top.texts("ShutterShape")}
    if not shapes:
        return None
    edges = [
        top.number(f"Shutter{edge}Edge")
        for edge in ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
    ]
    centre, radius = top.numbers("CenterOfCircularShutter", 2), top.number("RadiusOfCircularShutter")
    vertices = top.numbers("VerticesOfThePolygonalShutter") or ()
    group = top.integer("ShutterOverlayGroup")
    found = Shutters(
        (edges[0], edges[1], edges[2], edges[3])  # type: ignore[arg-type]  # none is None
        if "RECTANGULAR" in shapes and None not in edges
        else None,
        (centre[0], centre[1], radius) if "CIRCULAR" in shapes and centre and radius else None,
        vertices if "POLYGONAL" in shapes and len(vertices) >= 6 and len(vertices) % 2 == 0 else (),
        group if "BITMAP" in shapes else None,
        colour_of(top, "ShutterPresentationColorCIELabValue")
        or grey_of(top.number("ShutterPresentationValue"))
        or _BLACK,
    )
    is_empty = found.rectangle is None and found.circle is None and not found.polygon and found.overlay_group is None
    return None if is_empty else found
