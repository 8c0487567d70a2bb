"""The three planes as an entry of a session file, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from compare.reformat.mpr_state import PANES, THICKEST_MM, MprState, PaneFrame
from compare.reformat.plane import SlabMode
from compare.session.planes_view import FusionStyle, PlanesArrangement, PlanesView, RowWindow, VolumeCamera
from compare.session.stored_values import (
    index_in,
    key_in,
    key_out,
    known_in,
    number_in,
    text_in,
    window_in,
    window_out,
)
from loaders.model.frame_plane import Vector3

#: A value as JSON holds it, before it is checked.
_Json = Any
#: Two directions of a plane stand upright on each other within this cosine.
_UPRIGHT = 1e-3


def planes_out(view: PlanesView) -> dict[str, object]:
    """Return the entry of the planes."""
    mpr = view.mpr
    return {
        "is_open": view.is_open,
        "stacks": [key_out(key) for key in view.stacks],
        "crosshair_lps_mm": list(mpr.crosshair_lps_mm),
        "middle_lps_mm": list(mpr.middle_lps_mm),
        "mm_per_pixel": mpr.mm_per_pixel,
        "frames": [{"normal_lps": list(one.normal_lps), "up_lps": list(one.up_lps)} for one in mpr.frames],
        "slab_mm": mpr.slab_mm,
        "mode": mpr.mode.value,
        "windows": [
            None if one is None else {"unit": one.unit, "window": window_out(one.window)} for one in view.windows
        ],
        "arrangement": view.arrangement.value,
        "maximised": None if view.maximised is None else list(view.maximised),
        "fusion": {
            "colour_map": view.fusion.colour_map,
            "opacity": view.fusion.opacity,
            "threshold_share": view.fusion.threshold_share,
        },
        "camera": {
            "preset": view.camera.preset,
            "azimuth_degrees": view.camera.azimuth_degrees,
            "elevation_degrees": view.camera.elevation_degrees,
        },
    }


def planes_in(stored: _Json) -> PlanesView:
    """Return the planes of an entry. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where it makes no sense."""
    stacks = tuple(key_in(key) for key in stored["stacks"])
    if not stacks:
        raise ValueError("planes through nothing")
    maximised = stored.get("maximised")
    fusion, camera = stored["fusion"], stored["camera"]
    return PlanesView(
        stacks=stacks,
        mpr=_mpr_in(stored),
        windows=tuple(None if one is None else _row_window_in(one) for one in stored["windows"]),
        arrangement=known_in(PlanesArrangement, stored.get("arrangement"), PlanesArrangement.PLANES),
        maximised=None if maximised is None else _place_in(maximised),
        fusion=FusionStyle(
            text_in(fusion["colour_map"]), number_in(fusion["opacity"]), number_in(fusion["threshold_share"])
        ),
        camera=VolumeCamera(
            text_in(camera["preset"]), number_in(camera["azimuth_degrees"]), number_in(camera["elevation_degrees"])
        ),
        is_open=stored.get("is_open") is True,
    )


def _mpr_in(stored: _Json) -> MprState:
    scale, slab_mm = number_in(stored["mm_per_pixel"]), number_in(stored["slab_mm"])
    if scale <= 0.0 or not 0.0 <= slab_mm <= THICKEST_MM:
        raise ValueError("a scale or a slab that cannot be")
    frames = tuple(PaneFrame(_vector_in(one["normal_lps"]), _vector_in(one["up_lps"])) for one in stored["frames"])
    if len(frames) != len(PANES) or not all(_is_sound(frame) for frame in frames):
        raise ValueError("directions that make no plane")
    return MprState(
        _vector_in(stored["crosshair_lps_mm"]),
        _vector_in(stored["middle_lps_mm"]),
        scale,
        frames,
        slab_mm,
        SlabMode(stored["mode"]),
    )


def _is_sound(frame: PaneFrame) -> bool:
    normal, up = np.asarray(frame.normal_lps), np.asarray(frame.up_lps)
    lengths = np.array((np.linalg.norm(normal), np.linalg.norm(up)))
    return bool(np.all(np.abs(lengths - 1.0) < _UPRIGHT) and abs(float(normal @ up)) < _UPRIGHT)


def _row_window_in(stored: _Json) -> RowWindow:
    return RowWindow(text_in(stored["unit"]), window_in(stored["window"]))


def _place_in(stored: _Json) -> tuple[int, int]:
    row, pane = stored
    if index_in(pane) >= len(PANES):
        raise ValueError("no such pane")
    return index_in(row), pane


def _vector_in(stored: _Json) -> Vector3:
    x, y, z = stored
    return number_in(x), number_in(y), number_in(z)
