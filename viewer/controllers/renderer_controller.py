"""The renderer of the viewports: numpy at once, the GPU as soon as a child process has shown that it draws rightly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from loaders.model.volume import Volume
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest

#: The probe starts a process and may import VTK: it waits until the window stands and the first headers are read.
_AFTER_MS = 1500


class ExchangeableRenderer:
    """A renderer that hands everything to another, which can be exchanged while viewports use it. One thread."""

    def __init__(self, inner: SliceRenderer) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The name of the renderer in use."""
        return self._inner.name

    @name.setter
    def name(self, _name: str) -> None:
        raise AttributeError("the name is the inner renderer's")

    def render(self, request: SliceRequest) -> NDArray[np.uint8] | None:
        """Draw with the renderer in use."""
        return self._inner.render(request)

    def release(self, volume: Volume) -> None:
        """Forget a volume."""
        self._inner.release(volume)

    def close(self) -> None:
        """Let go of the renderer in use."""
        self._inner.close()

    def exchange(self, inner: SliceRenderer) -> None:
        """Draw with another from now on; the one before is closed."""
        before, self._inner = self._inner, inner
        before.close()


class RendererController(QObject):
    """Asks once, after the first paint. Signal: ``exchanged()``, the viewports must paint again."""

    exchanged = Signal()

    def __init__(self, renderer: ExchangeableRenderer, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._renderer = renderer
        self._jobs = jobs
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self._probe)

    def start(self) -> None:
        """Probe a moment from now."""
        self._timer.start()

    def stop(self) -> None:
        """Do not probe any more."""
        self._timer.stop()

    def _probe(self) -> None:
        self._jobs.start(JobKind.READ, "quiet renderer", _is_gpu_right, on_result=self._take)

    def _take(self, is_gpu_right: bool) -> None:  # noqa: FBT001 - a job's answer
        if not is_gpu_right:
            return
        from viewer.rendering.choose_renderer import make_renderer  # noqa: PLC0415 - imports VTK, by now in memory

        self._renderer.exchange(make_renderer())
        self.exchanged.emit()


def _is_gpu_right(_cancel: CancelToken, _progress: ProgressCallback) -> bool:
    """On a job's thread: whether VTK is to be used; if so it is imported here, where nobody waits for it."""
    from viewer.rendering.choose_renderer import GlKind, RendererSetting, probe_gl, requested  # noqa: PLC0415

    wish = requested(RendererSetting.AUTO)
    if wish is RendererSetting.REFERENCE:
        return False
    if wish is RendererSetting.AUTO and probe_gl().kind is not GlKind.HARDWARE:
        return False
    import viewer.rendering.vtk_renderer  # noqa: F401, PLC0415

    return True
