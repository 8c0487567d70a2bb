"""Draws volumes in a process of its own: VTK holds Python's lock while it casts rays; a thread would stall the window.

The child is started by :class:`VolumeProcess`, whose calls wait for its answers: they belong on a job's thread.
Messages are JSON and plain bytes, no pickles.
"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compare.reformat.even_volume import on_even_grid, thinned
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid
from compare.viewing.volume_presets import volume_presets
from loaders.errors import WorldError
from loaders.model.display import Window
from viewer.rendering.choose_renderer import GlKind, probe_gl

if TYPE_CHECKING:
    from viewer.rendering.volume_renderer import VolumeRenderer

#: The child keeps as many bytes again as gradients: at most every so many voxels are handed over.
_MOST_VOXELS = 48_000_000
_LONGEST_WAIT_S = 120.0


class VolumeProcessEnded(WorldError):
    """The process that draws volumes has died, or says nothing any more."""

    code = "volume_process_ended"


@dataclass(frozen=True, slots=True)
class VolumeOrder:
    """What is to be drawn: the preset's code, from where (degrees), how large (pixels), the window it may need."""

    preset: str
    azimuth_degrees: float
    elevation_degrees: float
    width: int
    height: int
    window: tuple[float, float] | None = None
    is_coarse: bool = False


class VolumeProcess:
    """The parent's side. Starts the child when it is first needed. Every call may raise :class:`VolumeProcessEnded`."""

    def __init__(self) -> None:
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._is_closed = False

    def give(self, number: int, sampled: SampledVolume) -> int:
        """Hand a volume over under a number; return the stride: every so many voxels of it were taken."""
        even, stride = thinned(on_even_grid(sampled), _MOST_VOXELS)
        array = np.ascontiguousarray(even.array)
        self._say(
            {
                "volume": number,
                "uses_gpu": probe_gl().kind is GlKind.HARDWARE,
                "shape": array.shape,
                "dtype": array.dtype.str,
                "spacing_mm_zyx": even.grid.spacing_mm_zyx,
                "index_to_lps": even.grid.index_to_lps.tolist(),
                "slope": even.slope,
                "intercept": even.intercept,
            },
            array.data.cast("B"),
        )
        return stride

    def draw(self, number: int, order: VolumeOrder) -> NDArray[np.uint8]:
        """Return the picture of a volume that was handed over, (height, width, 3)."""
        window = None if order.window is None else list(order.window)
        answer = self._say(
            {
                "draw": number,
                "preset": order.preset,
                "azimuth": order.azimuth_degrees,
                "elevation": order.elevation_degrees,
                "size": [order.width, order.height],
                "window": window,
                "is_coarse": order.is_coarse,
            }
        )
        if len(answer) != order.width * order.height * 3:
            raise VolumeProcessEnded("the process that draws volumes answers nonsense")
        return np.frombuffer(answer, dtype=np.uint8).reshape(order.height, order.width, 3)

    def close(self) -> None:
        """End the child, whatever it is doing, for good: a call that waits for its answer finds it gone."""
        self._is_closed = True
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.join()

    def _say(self, message: dict[str, Any], payload: memoryview | None = None) -> bytes:
        try:
            pipe = self._started()
            pipe.send_bytes(json.dumps(message).encode())
            if payload is not None:
                pipe.send_bytes(payload)
            if not pipe.poll(_LONGEST_WAIT_S):
                raise VolumeProcessEnded("the process that draws volumes says nothing")
            return pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise VolumeProcessEnded("the process that draws volumes has ended") from error

    def _started(self) -> Connection:
        if self._is_closed:
            raise VolumeProcessEnded("the process that draws volumes was ended")
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, there = context.Pipe()
            self._child = context.Process(target=answer, args=(there,), name="volumes", daemon=True)
            self._child.start()
            there.close()
        return self._pipe


def answer(pipe: Connection) -> None:
    """Take volumes and draw them until the other side goes. The child process starts here."""
    # VTK takes most of a second to import: in this process only.
    from viewer.rendering.volume_renderer import VolumeRenderer  # noqa: PLC0415

    renderers: dict[int, tuple[VolumeRenderer, SampledVolume]] = {}
    try:
        while True:
            message = json.loads(pipe.recv_bytes())
            if "volume" in message:
                number = int(message["volume"])
                if number in renderers:
                    renderers.pop(number)[0].close()
                renderers[number] = (
                    VolumeRenderer(uses_gpu=message["uses_gpu"]),
                    _volume_of(message, pipe.recv_bytes()),
                )
                pipe.send_bytes(b"taken")
            else:
                pipe.send_bytes(_drawn(*renderers[int(message["draw"])], message))
    except (EOFError, OSError):
        return


def _volume_of(message: dict[str, Any], values: bytes) -> SampledVolume:
    depth, rows, columns = message["shape"]
    depth_mm, row_mm, column_mm = message["spacing_mm_zyx"]
    grid = StackGrid(
        (depth, rows, columns), (depth_mm, row_mm, column_mm), np.asarray(message["index_to_lps"]), "", (0.0, 0.0, 1.0)
    )
    array = np.frombuffer(values, dtype=np.dtype(message["dtype"])).reshape(depth, rows, columns)
    return SampledVolume(grid, array, message["slope"], message["intercept"])


def _drawn(renderer: VolumeRenderer, sampled: SampledVolume, message: dict[str, Any]) -> bytes:
    from viewer.rendering.volume_renderer import VolumeView  # noqa: PLC0415

    width, height = message["size"]
    picture = renderer.render(
        sampled,
        volume_presets()[message["preset"]],
        VolumeView(message["azimuth"], message["elevation"]),
        width=width,
        height=height,
        window=None if message["window"] is None else Window(*message["window"]),
        is_coarse=message["is_coarse"],
    )
    return picture.tobytes()
