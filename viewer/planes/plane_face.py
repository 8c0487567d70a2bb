"""What is written and drawn over one pane of the planes."""

from __future__ import annotations

import numpy as np

from compare.reformat.mpr_state import MprState, crosshair_lines, edge_letters
from compare.reformat.plane import ReformatPlane
from viewer.planes.plane_pane import PaneFace
from viewer.planes.plane_words import link_text, loading_text, note_text, slab_text
from viewer.planes.planes_row import PlanesRow
from viewer.rendering.fusion import colour_bar

#: Width and height of the bar of colours; an odd height has a middle.
_BAR_PX = (12, 97)


def face_of(data: PlanesRow, place: tuple[int, ReformatPlane], state: MprState, *, is_leading: bool) -> PaneFace:
    """Return the face of a pane, ``place`` being its number and plane, ``state`` in the row's own space."""
    pane, plane = place
    column, line, _ = plane.raster_of(np.asarray(state.crosshair_lps_mm))
    assert data.whole is not None  # noqa: S101 - a face with lines is one of a volume
    warnings = [note_text(note, amount) for note, amount in data.whole.grid.notes]
    if not is_leading and data.basis is None:
        warnings.append(link_text(None))
    absent = data.whole.absent
    if absent is not None:
        warnings.append(loading_text(round(100.0 * float(1.0 - absent.mean()))))
    bottom = [text for text in (slab_text(state), data.unit) if text]
    if not is_leading and data.basis is not None:
        bottom.append(link_text(data.basis))
    return PaneFace(
        (column, line),
        crosshair_lines(state, pane, plane),
        edge_letters(plane),
        data.titles,
        tuple(bottom),
        tuple(warnings),
        colour_bar(data.look, height=_BAR_PX[1], width=_BAR_PX[0]) if data.look else None,
        data.is_uptake,
    )
