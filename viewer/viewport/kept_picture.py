"""The picture a viewport painted last, so that what lies over it can be painted anew without drawing it again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from loaders.model.volume import Volume
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest


class KeptPicture:
    """Holds one picture and what it was asked for by."""

    def __init__(self) -> None:
        self._volume: Volume | None = None
        self._request: tuple[object, ...] = ()
        self._image: QImage | None = None

    def image(self, renderer: SliceRenderer, request: SliceRequest) -> QImage | None:
        """Return the picture of a request, drawn only where it is not the very one before; ``None`` without pixels."""
        state = request.volume.validity[request.view.frame_index]
        asked = (renderer, request.view, request.presentation, request.width, request.height, state)
        if request.volume is not self._volume or asked != self._request or self._image is None:
            pixels = renderer.render(request)
            self._image = None if pixels is None else image_of(pixels)
            self._volume, self._request = request.volume, asked
        return self._image

    def forget(self) -> None:
        """Let go of the picture and its volume."""
        self._volume, self._request, self._image = None, (), None


class _PixelImage(QImage):
    """An image over an array's own memory, which it keeps alive."""

    def __init__(self, pixels: NDArray[np.uint8], kind: QImage.Format) -> None:
        height, width = pixels.shape[:2]
        super().__init__(pixels.data, width, height, pixels.strides[0], kind)
        self.pixels = pixels


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return an image over (height, width) grey or (height, width, 3) RGB pixels, without a copy."""
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return _PixelImage(np.ascontiguousarray(pixels), kind)
