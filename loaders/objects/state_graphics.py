"""Graphic and text annotations of a presentation state (PS3.3 C.10.5, C.10.7), in pixels of the frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.model.frame import Frame
from loaders.model.overlay import WHITE, Colour, FrameOverlays, LineOverlay, TextOverlay
from loaders.objects.cielab import colour_of, grey_of
from loaders.objects.image_references import ImageReference, are_meant, image_references

#: Points drawn for a whole circle or ellipse, and between two points of an interpolated line.
_ROUND, _BETWEEN = 96, 12
_MAX_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class GraphicLayer:
    """A named layer; those of higher order are drawn later."""

    name: str
    order: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class GraphicObject:
    """One graphic or text as written: points in ``units``, PIXEL or DISPLAY."""

    references: tuple[ImageReference, ...]
    layer: str
    units: str
    kind: str
    points: tuple[float, ...]
    text: str = ""
    is_filled: bool = False
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class ShownArea:
    """The displayed area for annotations given as fractions of it: box in pixels from 0, and how it is turned."""

    box: tuple[int, int, int, int]
    turns_clockwise: int = 0
    is_flipped: bool = False

    def pixels(self, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (column, row) of (right, down) fractions of the area as it stands on the screen, shape (n, 2)."""
        right, down = fractions[:, 0], fractions[:, 1]
        if self.is_flipped:
            right = 1.0 - right
        for _ in range(self.turns_clockwise):
            right, down = down, 1.0 - right
        left, top, end, bottom = self.box
        return np.stack([left + right * (end - left) - 0.5, top + down * (bottom - top) - 0.5], axis=-1)


@dataclass(frozen=True, slots=True)
class StateGraphics:
    """All layers and graphics of a state."""

    layers: tuple[GraphicLayer, ...] = ()
    objects: tuple[GraphicObject, ...] = ()

    def overlays(self, frame: Frame, area: ShownArea) -> FrameOverlays:
        """Return what is to be drawn on a frame, lower layers first."""
        layers = {layer.name: layer for layer in self.layers}
        meant = [each for each in self.objects if are_meant(each.references, frame)]
        meant.sort(key=lambda each: layers[each.layer].order if each.layer in layers else 0)
        lines: list[LineOverlay] = []
        texts: list[TextOverlay] = []
        not_drawn: list[str] = []
        for each in meant:
            colour = each.colour or (layers[each.layer].colour if each.layer in layers else WHITE)
            points = _in_pixels(each, area)
            if points is None:
                not_drawn.append(
                    f"{each.kind.lower() or 'an annotation'} in units {each.units or 'that are not named'}"
                )
            elif each.text:
                texts.append(
                    TextOverlay(each.text, (float(points[0, 0]), float(points[0, 1])), colour, each.kind == "ANCHORED")
                )
            elif (shape := _shape(each.kind, points)) is not None:
                is_closed = each.kind in {"CIRCLE", "ELLIPSE"} or bool(
                    len(shape) > 2 and np.array_equal(shape[0], shape[-1])
                )
                lines.append(LineOverlay(shape, colour, is_closed=is_closed, is_filled=each.is_filled and is_closed))
            else:
                not_drawn.append(f"a graphic of type {each.kind or 'unknown'}")
        return FrameOverlays(lines=tuple(lines), texts=tuple(texts), not_drawn=tuple(dict.fromkeys(not_drawn)))


def _in_pixels(each: GraphicObject, area: ShownArea) -> NDArray[np.float64] | None:
    points: NDArray[np.float64] = np.asarray(each.points, dtype=np.float64).reshape(-1, 2)
    if each.units == "PIXEL":
        # PS3.3 C.10.5.1.2: the origin is the corner of the first pixel, ours is its centre.
        return points - 0.5
    return area.pixels(points) if each.units == "DISPLAY" else None


def _shape(kind: str, points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if kind in {"POINT", "POLYLINE"} or (kind == "INTERPOLATED" and len(points) < 3):
        return points
    if kind == "INTERPOLATED":
        return _smooth(points)
    around = np.linspace(0.0, 2.0 * np.pi, _ROUND, endpoint=False)
    if kind == "CIRCLE" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        circle: NDArray[np.float64] = points[0] + radius * np.stack([np.cos(around), np.sin(around)], axis=-1)
        return circle
    if kind == "ELLIPSE" and len(points) == 4:
        centre = (points[0] + points[1]) / 2.0
        major, minor = (points[1] - points[0]) / 2.0, (points[3] - points[2]) / 2.0
        outline: NDArray[np.float64] = centre + np.outer(np.cos(around), major) + np.outer(np.sin(around), minor)
        return outline
    return None


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth line through the points: Catmull-Rom, since the standard leaves the interpolation to the viewer."""
    is_closed = bool(np.array_equal(points[0], points[-1]))
    padded = np.vstack([points[-2] if is_closed else points[0], points, points[1] if is_closed else points[-1]])
    t = np.linspace(0.0, 1.0, _BETWEEN, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*parts, points[-1:]])


def graphics_of(top: Elements) -> StateGraphics:
    """Read the layers and annotations of a presentation state."""
    layers = tuple(
        GraphicLayer(
            item.text("GraphicLayer"),
            item.integer("GraphicLayerOrder") or 0,
            colour_of(item, "GraphicLayerRecommendedDisplayCIELabValue")
            or grey_of(item.number("GraphicLayerRecommendedDisplayGrayscaleValue"))
            or WHITE,
        )
        for item in top.items("GraphicLayerSequence")
    )
    objects = [found for item in top.items("GraphicAnnotationSequence") for found in (*_graphics(item), *_texts(item))]
    return StateGraphics(layers, tuple(objects))


def _graphics(annotation: Elements) -> list[GraphicObject]:
    references, layer = image_references(annotation), annotation.text("GraphicLayer")
    found = []
    for item in annotation.items("GraphicObjectSequence"):
        points = item.numbers("GraphicData")
        if not points or len(points) % 2 or len(points) > 2 * _MAX_POINTS:
            continue
        colour = colour_of(item.item("LineStyleSequence"), "PatternOnColorCIELabValue")
        found.append(
            GraphicObject(
                references,
                layer,
                item.text("GraphicAnnotationUnits").upper(),
                item.text("GraphicType").upper(),
                points,
                is_filled=item.text("GraphicFilled").upper() == "Y",
                colour=colour,
            )
        )
    return found


def _texts(annotation: Elements) -> list[GraphicObject]:
    references, layer = image_references(annotation), annotation.text("GraphicLayer")
    found = []
    for item in annotation.items("TextObjectSequence"):
        text = item.text("UnformattedTextValue")
        corner, anchor = item.numbers("BoundingBoxTopLeftHandCorner", 2), item.numbers("AnchorPoint", 2)
        place = corner or anchor
        if not text or place is None:
            continue
        units = item.text("BoundingBoxAnnotationUnits" if corner else "AnchorPointAnnotationUnits").upper()
        colour = colour_of(item.item("TextStyleSequence"), "TextColorCIELabValue")
        kind = "TEXT" if corner else "ANCHORED"
        found.append(GraphicObject(references, layer, units, kind, place, text, colour=colour))
        if corner and anchor and item.text("AnchorPointVisibility").upper() == "Y":
            units = item.text("AnchorPointAnnotationUnits").upper()
            found.append(GraphicObject(references, layer, units, "POINT", anchor, colour=colour))
    return found
