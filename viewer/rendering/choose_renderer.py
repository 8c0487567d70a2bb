"""Which renderer this machine gets: found out once a run, in a child process that may hang or crash.

Software OpenGL is several times slower than numpy here, so it counts as none; only hardware that draws a known picture
rightly is used. ``DIPTYCH_RENDERER`` (``auto``, ``reference``, ``vtk``) overrides the setting.
"""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import os
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from viewer.rendering.gl_probe import answer
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRenderer

_LOG = logging.getLogger(__name__)

PROBE_LIMIT_S = 5.0
OVERRIDE = "DIPTYCH_RENDERER"

#: Parts of the names of OpenGL implementations that compute on the processor.
_SOFTWARE = (
    "llvmpipe",
    "softpipe",
    "swrast",
    "software",
    "swiftshader",
    "gdi generic",
    "basic render",
    "openswr",
    "lavapipe",
)


class GlKind(StrEnum):
    """What OpenGL is on this machine."""

    HARDWARE = "hardware"
    SOFTWARE = "software"
    NONE = "none"


class RendererSetting(StrEnum):
    """What the reader, or the environment, asks for."""

    AUTO = "auto"
    REFERENCE = "reference"
    VTK = "vtk"


@dataclass(frozen=True, slots=True)
class GlProbe:
    """What the probe found. ``reason`` says in English why OpenGL is not used, for the log and the about box."""

    kind: GlKind
    device: str = ""
    texture_limit: int = 0
    reason: str = ""


def kind_of_device(name: str) -> GlKind:
    """Tell hardware from software by the driver's own name for its renderer."""
    if not name:
        return GlKind.NONE
    lowered = name.lower()
    return GlKind.SOFTWARE if any(word in lowered for word in _SOFTWARE) else GlKind.HARDWARE


@cache
def probe_gl(limit_s: float = PROBE_LIMIT_S) -> GlProbe:
    """Draw a known picture in a child process and say what OpenGL is here.

    Waits at most ``limit_s``, so call it off the window's thread. The answer is kept for the run.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=(there,), name="gl-probe", daemon=True)
    child.start()
    there.close()
    try:
        # The end of the pipe arrives as a message too, when the child dies without a word.
        reply = here.recv_bytes(4096) if here.poll(limit_s) else None
    except (EOFError, OSError):
        reply = b""
    finally:
        here.close()
        _end(child)
    probe = _read(reply, limit_s)
    _LOG.info("OpenGL: %s %s %s", probe.kind, probe.device, probe.reason)
    return probe


def _end(child: multiprocessing.process.BaseProcess) -> None:
    """Wait a moment for the child to leave by itself, then make it."""
    child.join(0.5)
    if child.is_alive():
        child.kill()
        child.join()
    with contextlib.suppress(ValueError):
        child.close()


def _read(reply: bytes | None, limit_s: float) -> GlProbe:
    if reply is None:
        return GlProbe(GlKind.NONE, reason=f"no picture within {limit_s:g} s")
    if not reply:
        return GlProbe(GlKind.NONE, reason="the driver crashed")
    try:
        said = json.loads(reply)
        device, limit = str(said["renderer"]), int(said["texture_limit"])
        is_right, reason = said["is_right"] is True, str(said["reason"])
    except (ValueError, KeyError, TypeError):
        return GlProbe(GlKind.NONE, reason="the probe's answer makes no sense")
    if not is_right:
        return GlProbe(GlKind.NONE, device, limit, reason)
    return GlProbe(kind_of_device(device), device, limit)


def requested(setting: RendererSetting = RendererSetting.AUTO) -> RendererSetting:
    """Return what the environment asks for, else the setting. A word that means nothing is passed over."""
    wish = os.environ.get(OVERRIDE, "").strip().lower()
    if not wish:
        return setting
    try:
        return RendererSetting(wish)
    except ValueError:
        _LOG.warning("%s=%s is not one of %s", OVERRIDE, wish, ", ".join(RendererSetting))
        return setting


def make_renderer(setting: RendererSetting = RendererSetting.AUTO) -> SliceRenderer:
    """Make the renderer for this machine. ``AUTO`` probes; ``VTK`` does not ask whether the hardware is real.

    Never fails for want of OpenGL: the reference renderer is always there, and the log says why it was taken.
    """
    wish = requested(setting)
    if wish is RendererSetting.REFERENCE or (wish is RendererSetting.AUTO and probe_gl().kind is not GlKind.HARDWARE):
        return ReferenceRenderer()
    # VTK takes most of a second to import and is not needed without a GPU.
    from viewer.rendering.gl_canvas import GlUnavailable  # noqa: PLC0415
    from viewer.rendering.vtk_renderer import VtkRenderer  # noqa: PLC0415

    try:
        return VtkRenderer()
    except GlUnavailable as error:
        _LOG.warning("drawing without the GPU: %s", error)
        return ReferenceRenderer()
