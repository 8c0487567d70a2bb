"""The slice renderer on the GPU: stored values as textures, the window as a table, both read by one program."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingOpenGL2 import vtkTextureObject

from loaders.model.frame import Frame
from loaders.model.volume import Volume
from viewer.rendering.colour_maps import colour_table
from viewer.rendering.gl_canvas import GlCanvas, GlUnavailable
from viewer.rendering.grey_tables import FrameGrey, GreyTables, TableSource
from viewer.rendering.presentation_grey import AutomaticWindows, presentation_pixels, presentation_table
from viewer.rendering.reference_renderer import ReferenceRenderer, ValueSource
from viewer.rendering.sampling import AxisSampling, SamplingPlan, plan_request
from viewer.rendering.slice_levels import SliceLevel, SliceLevels, is_tabled
from viewer.rendering.slice_renderer import SliceRequest
from viewer.rendering.slice_shader import COLOUR_FRAGMENT, GREY_FRAGMENT

_LOG = logging.getLogger(__name__)
#: Slices stay on the GPU up to this much; the oldest make room.
_TEXTURE_BYTES = 768 << 20
_KEPT_PLANS = 12
_KEPT_TABLES = 12


@dataclass(frozen=True, slots=True, eq=False)
class _SliceTexture:
    volume: Volume
    values: vtkTextureObject
    padding: vtkTextureObject | None
    greatest_code: float
    nbytes: int


@dataclass(frozen=True, slots=True, eq=False)
class _PlanTextures:
    plan: SamplingPlan
    columns: vtkTextureObject
    rows: vtkTextureObject


class VtkRenderer:
    """Draws slices on the GPU through VTK, off screen, and reads them back.

    What a table or a texture cannot hold (floats, 32-bit integers, frames over the GPU's texture limit) is drawn by
    the reference renderer, at full resolution. So is everything once the GPU has failed: ``has_failed`` then says so.
    Raises :class:`GlUnavailable` on making when there is no OpenGL. To be used from one thread.
    """

    name = "vtk"

    def __init__(
        self, table_source: TableSource = presentation_table, value_source: ValueSource = presentation_pixels
    ) -> None:
        self._canvas = GlCanvas()
        self._reference = ReferenceRenderer(table_source, value_source)
        self._tables = GreyTables(table_source)
        self._levels = SliceLevels()
        self._windows = AutomaticWindows()
        self._slices: OrderedDict[tuple[int, int, int, int], _SliceTexture] = OrderedDict()
        self._slice_bytes = 0
        self._plans: OrderedDict[int, _PlanTextures] = OrderedDict()
        self._grey_textures: OrderedDict[int, tuple[FrameGrey, vtkTextureObject]] = OrderedDict()
        self._colours: dict[str, vtkTextureObject] = {}
        self.has_failed = False

    @property
    def device_name(self) -> str:
        """The driver's name for what draws, such as the card's."""
        return self._canvas.device_name

    @property
    def texture_limit(self) -> int:
        """Longest side of a texture, in pixels, as the driver states it."""
        return self._canvas.texture_limit

    def render(self, request: SliceRequest) -> NDArray[np.uint8] | None:
        """Return (height, width) grey or (height, width, 3) RGB, or ``None`` when the frame is not in memory.

        Raises ``ValueError`` for a scale that is not a positive number or an unknown colour map.
        """
        stored = request.volume.frame_array(request.view.frame_index)
        if stored is None:
            return None
        request = self._windows.complete(request, stored)
        frame = request.volume.frame(request.view.frame_index)
        plan = plan_request(request, frame, stored)
        if self.has_failed or plan.is_empty or not self._can_draw(stored, plan, request):
            return self._reference.render(request)
        try:
            return self._draw(request, frame, plan, is_colour=stored.ndim == 3)
        except GlUnavailable as error:
            # A GPU that went away must not take the picture with it.
            _LOG.warning("drawing without the GPU from now on: %s", error)
            self.has_failed = True
            return self._reference.render(request)

    def _can_draw(self, stored: NDArray[Any], plan: SamplingPlan, request: SliceRequest) -> bool:
        longest = max(-(-stored.shape[0] >> plan.level), -(-stored.shape[1] >> plan.level))
        fits = max(longest, request.width, request.height) <= self.texture_limit
        return fits and (stored.ndim == 3 or is_tabled(stored.dtype))

    def _draw(
        self, request: SliceRequest, frame: Frame, plan: SamplingPlan, *, is_colour: bool
    ) -> NDArray[np.uint8] | None:
        self._canvas.make_current()
        level = self._levels.level(request.volume, request.view.frame_index, plan.level)
        if level is None:
            return None
        on_gpu = self._slice_texture(request, plan.level, level)
        taps = self._plan_textures(plan)
        rows, columns = plan.canvas_box
        textures = {"slice": on_gpu.values, "columnTaps": taps.columns, "rowTaps": taps.rows}
        integers = {
            "columnTapCount": len(plan.columns.indices),
            "rowTapCount": len(plan.rows.indices),
            "isTurned": int(plan.is_turned),
        }
        floats: dict[str, float] = {}
        is_coloured = not is_colour and request.presentation.colour_map != "grey"
        if is_colour:
            integers["isInverted"] = int(request.presentation.is_inverted)
        else:
            grey = self._tables.of(frame, request.presentation)
            textures["greyTable"] = self._grey_texture(grey)
            textures["colours"] = self._colour_texture(request.presentation.colour_map)
            textures["paddingMask"] = on_gpu.padding if on_gpu.padding is not None else on_gpu.values
            integers |= {"hasPadding": int(on_gpu.padding is not None), "isSteep": int(grey.table.is_steep)}
            integers["isColoured"] = int(is_coloured)
            floats = {"greatestCode": on_gpu.greatest_code, "paddingGrey": float(grey.padding_grey)}
        has_colour = is_colour or is_coloured
        picture = self._canvas.draw(
            COLOUR_FRAGMENT if is_colour else GREY_FRAGMENT,
            # VTK's quad has no area on a canvas that is one pixel wide or high.
            size=(max(request.width, 2), max(request.height, 2)),
            channels=4 if has_colour else 1,
            textures=textures,
            integers=integers,
            floats=floats,
            box=(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start),
        )
        picture = picture[: request.height, : request.width]
        return np.ascontiguousarray(picture[:, :, :3] if has_colour else picture)

    def _slice_texture(self, request: SliceRequest, reduction: int, level: SliceLevel) -> _SliceTexture:
        index = request.view.frame_index
        key = (id(request.volume), index, int(request.volume.validity[index]), reduction)
        known = self._slices.get(key)
        if known is not None:
            self._slices.move_to_end(key)
            return known
        padding = None if level.padding is None else self._canvas.texture(level.padding.view(np.uint8))
        made = _SliceTexture(
            volume=request.volume,
            values=self._canvas.texture(level.values),
            padding=padding,
            greatest_code=float((1 << (8 * level.values.dtype.itemsize)) - 1),
            nbytes=level.nbytes,
        )
        self._slices[key] = made
        self._slice_bytes += made.nbytes
        while self._slice_bytes > _TEXTURE_BYTES and len(self._slices) > 1:
            self._drop_slice(next(iter(self._slices)))
        return made

    def _drop_slice(self, key: tuple[int, int, int, int]) -> None:
        gone = self._slices.pop(key)
        self._slice_bytes -= gone.nbytes
        self._canvas.release(gone.values)
        if gone.padding is not None:
            self._canvas.release(gone.padding)

    def _plan_textures(self, plan: SamplingPlan) -> _PlanTextures:
        known = self._plans.get(id(plan))
        if known is not None:
            self._plans.move_to_end(id(plan))
            return known
        made = _PlanTextures(plan, self._canvas.texture(_taps(plan.columns)), self._canvas.texture(_taps(plan.rows)))
        self._plans[id(plan)] = made
        while len(self._plans) > _KEPT_PLANS:
            _, gone = self._plans.popitem(last=False)
            self._canvas.release(gone.columns)
            self._canvas.release(gone.rows)
        return made

    def _grey_texture(self, grey: FrameGrey) -> vtkTextureObject:
        known = self._grey_textures.get(id(grey))
        if known is not None:
            self._grey_textures.move_to_end(id(grey))
            return known[1]
        texture = self._canvas.texture(grey.table.entries.reshape(-1, 256))
        self._grey_textures[id(grey)] = (grey, texture)
        while len(self._grey_textures) > _KEPT_TABLES:
            self._canvas.release(self._grey_textures.popitem(last=False)[1][1])
        return texture

    def _colour_texture(self, name: str) -> vtkTextureObject:
        if name not in self._colours:
            self._colours[name] = self._canvas.texture(colour_table(name)[np.newaxis])
        return self._colours[name]

    def release(self, volume: Volume) -> None:
        """Forget everything kept for a volume, on the GPU and beside it."""
        self._reference.release(volume)
        self._levels.release(volume)
        self._windows.release(volume)
        self._canvas.make_current()
        for key in [key for key, kept in self._slices.items() if kept.volume is volume]:
            self._drop_slice(key)

    def close(self) -> None:
        """Let go of all textures and the context."""
        self._reference.close()
        self._canvas.make_current()
        for key in list(self._slices):
            self._drop_slice(key)
        for kept in self._plans.values():
            self._canvas.release(kept.columns)
            self._canvas.release(kept.rows)
        for texture in [*(texture for _, texture in self._grey_textures.values()), *self._colours.values()]:
            self._canvas.release(texture)
        self._windows.clear()
        self._plans.clear()
        self._grey_textures.clear()
        self._colours.clear()
        self._canvas.close()


def _taps(axis: AxisSampling) -> NDArray[np.float32]:
    """A texture's worth of an axis, (taps, samples, 4): index, weight, index under the sample, nothing."""
    table = np.zeros((*axis.indices.shape, 4), dtype=np.float32)
    table[:, :, 0] = axis.indices
    table[:, :, 1] = axis.weights
    table[:, :, 2] = axis.nearest
    return table
