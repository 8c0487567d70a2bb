"""One off-screen GL context: textures from arrays, a quad drawn through a program, pixels read back.

The only module that talks to VTK's GL classes. Everything raises :class:`GlUnavailable` when the driver refuses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.vtkConstants import VTK_FLOAT, VTK_UNSIGNED_CHAR, VTK_UNSIGNED_SHORT
from vtkmodules.vtkRenderingCore import vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import (
    vtkOpenGLFramebufferObject,
    vtkOpenGLRenderWindow,
    vtkOpenGLVertexArrayObject,
    vtkShaderProgram,
    vtkTextureObject,
)

from viewer.rendering.slice_shader import VERTEX

_VTK_TYPES = {
    np.dtype(np.uint8): VTK_UNSIGNED_CHAR,
    np.dtype(np.uint16): VTK_UNSIGNED_SHORT,
    np.dtype(np.float32): VTK_FLOAT,
}
#: GL_BLEND, GL_DEPTH_TEST, GL_SCISSOR_TEST, GL_CULL_FACE, GL_DITHER: what might change a pixel's value or drop it.
_OFF = (0x0BE2, 0x0B71, 0x0C11, 0x0B44, 0x0BD0)


class GlUnavailable(RuntimeError):
    """The driver cannot, or can no longer, do what drawing needs."""


class GlCanvas:
    """An off-screen context shared by all viewports, with one frame buffer for each size and depth in use."""

    def __init__(self) -> None:
        window = vtkRenderWindow()
        window.SetOffScreenRendering(1)
        # Samples cost time and can only blur what is sampled exactly already.
        window.SetMultiSamples(0)
        window.SetSize(16, 16)
        window.Initialize()
        if not isinstance(window, vtkOpenGLRenderWindow) or not window.SupportsOpenGL():
            raise GlUnavailable("no OpenGL context")
        self._window = window
        self._window.MakeCurrent()
        self.texture_limit = int(vtkTextureObject.GetMaximumTextureSize(window))
        if self.texture_limit <= 0:
            raise GlUnavailable("no OpenGL context")
        self._programs: dict[str, tuple[vtkShaderProgram, vtkOpenGLVertexArrayObject]] = {}
        self._buffer = vtkOpenGLFramebufferObject()
        self._buffer.SetContext(window)
        self._targets: dict[int, tuple[tuple[int, int], vtkTextureObject]] = {}

    @property
    def device_name(self) -> str:
        """The driver's name for what draws (GL_RENDERER), or empty."""
        for line in str(self._window.ReportCapabilities()).splitlines():
            title, _, value = line.partition(":")
            if title.strip().lower() == "opengl renderer string":
                return value.strip()
        return ""

    def make_current(self) -> None:
        """Bind the context to this thread; needed before any other call."""
        self._window.MakeCurrent()

    def texture(self, array: NDArray[Any]) -> vtkTextureObject:
        """Upload (rows, columns) or (rows, columns, channels) uint8, uint16 or float32 values, not filtered."""
        array = np.ascontiguousarray(array)
        rows, columns = array.shape[:2]
        if max(rows, columns) > self.texture_limit:
            raise GlUnavailable(f"a texture of {columns} x {rows} is over the limit of {self.texture_limit}")
        texture = vtkTextureObject()
        texture.SetContext(self._window)
        texture.SetMinificationFilter(vtkTextureObject.Nearest)
        texture.SetMagnificationFilter(vtkTextureObject.Nearest)
        texture.SetWrapS(vtkTextureObject.ClampToEdge)
        texture.SetWrapT(vtkTextureObject.ClampToEdge)
        channels = array.shape[2] if array.ndim == 3 else 1
        if not texture.Create2DFromRaw(columns, rows, channels, _VTK_TYPES[array.dtype], array):
            raise GlUnavailable(f"the driver refused a texture of {columns} x {rows}")
        return texture

    def release(self, texture: vtkTextureObject) -> None:
        """Give a texture's memory back to the GPU."""
        texture.ReleaseGraphicsResources(self._window)

    def draw(
        self,
        fragment: str,
        *,
        size: tuple[int, int],
        channels: int,
        textures: dict[str, vtkTextureObject],
        integers: dict[str, int],
        floats: dict[str, float],
        box: tuple[int, int, int, int],
    ) -> NDArray[np.uint8]:
        """Draw a quad over ``size`` (width, height) and return (height, width) or (height, width, channels) bytes."""
        program, quad = self._program(fragment)
        width, height = size
        target = self._target(width, height, channels)
        state = self._window.GetState()
        state.PushFramebufferBindings()
        try:
            self._buffer.Bind()
            self._buffer.AddColorAttachment(0, target)
            self._buffer.ActivateDrawBuffer(0)
            if not self._buffer.Start(width, height):
                raise GlUnavailable("the frame buffer is not complete")
            for capability in _OFF:
                state.vtkglDisable(capability)
            if self._window.GetShaderCache().ReadyShaderProgram(program) is None:
                raise GlUnavailable("the program cannot be used")
            for name, texture in textures.items():
                texture.Activate()
                program.SetUniformi(name, texture.GetTextureUnit())
            for name, number in integers.items():
                program.SetUniformi(name, number)
            for name, value in floats.items():
                program.SetUniformf(name, value)
            program.SetUniform4f("imageBox", [float(edge) for edge in box])
            self._buffer.RenderQuad(0, width - 1, 0, height - 1, program, quad)
            for texture in textures.values():
                texture.Deactivate()
            return _read(target, width, height, channels)
        finally:
            state.PopFramebufferBindings()

    def _program(self, fragment: str) -> tuple[vtkShaderProgram, vtkOpenGLVertexArrayObject]:
        if fragment not in self._programs:
            program = self._window.GetShaderCache().ReadyShaderProgram(VERTEX, fragment, "")
            if program is None:
                raise GlUnavailable("the driver refused the program")
            self._programs[fragment] = (program, vtkOpenGLVertexArrayObject())
        return self._programs[fragment]

    def _target(self, width: int, height: int, channels: int) -> vtkTextureObject:
        known = self._targets.get(channels)
        if known is not None and known[0] == (width, height):
            return known[1]
        if known is not None:
            self.release(known[1])
        target = vtkTextureObject()
        target.SetContext(self._window)
        if not target.Create2D(width, height, channels, VTK_UNSIGNED_CHAR, False):
            raise GlUnavailable(f"the driver refused a canvas of {width} x {height}")
        self._targets[channels] = ((width, height), target)
        return target

    def close(self) -> None:
        """Let go of the context; the canvas is of no use afterwards."""
        self.make_current()
        for _, target in self._targets.values():
            self.release(target)
        self._targets.clear()
        for _, quad in self._programs.values():
            quad.ReleaseGraphicsResources()
        self._programs.clear()
        self._buffer.ReleaseGraphicsResources(self._window)
        self._window.Finalize()


def _read(target: vtkTextureObject, width: int, height: int, channels: int) -> NDArray[np.uint8]:
    transfer = target.Download()
    if transfer is None:
        raise GlUnavailable("the picture cannot be read back")
    pixels: NDArray[np.uint8] = np.empty((height, width, channels), dtype=np.uint8)
    if not transfer.Download2D(VTK_UNSIGNED_CHAR, pixels, [width, height], channels, [0, 0]):
        raise GlUnavailable("the picture cannot be read back")
    return pixels[:, :, 0] if channels == 1 else pixels
