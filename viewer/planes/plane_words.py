"""What is said in the panes of the three planes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from compare.linking.frame_graph import LinkBasis
from compare.reformat.mpr_state import MprState
from compare.reformat.plane import SlabMode
from compare.reformat.stack_grid import GridNote
from compare.session.planes_view import PlanesArrangement

translate = QCoreApplication.translate


def slab_text(state: MprState) -> str:
    """Return thickness and kind of the slab; of a plane alone, nothing."""
    if state.slab_mm <= 0.0:
        return ""
    return translate("Planes", "slab {thickness} mm, {kind}").format(
        thickness=f"{state.slab_mm:g}", kind=slab_kind_text(state.mode)
    )


def slab_kind_text(mode: SlabMode) -> str:
    """Return what a slab shows of the values through it."""
    return {
        SlabMode.MIP: translate("Planes", "highest value"),
        SlabMode.MINIP: translate("Planes", "lowest value"),
        SlabMode.MEAN: translate("Planes", "mean value"),
    }[mode]


def arrangement_text(arrangement: PlanesArrangement) -> str:
    """Return what stands in a row."""
    return {
        PlanesArrangement.PLANES: translate("Planes", "Three planes"),
        PlanesArrangement.WITH_VOLUME: translate("Planes", "Three planes and the volume"),
    }[arrangement]


def colour_map_text(name: str) -> str:
    """Return the name of a colour map."""
    return {
        "grey": translate("Planes", "Grey"),
        "inverse_grey": translate("Planes", "Inverse grey"),
        "hot_iron": translate("Planes", "Hot iron"),
        "pet": translate("Planes", "PET colours"),
        "rainbow": translate("Planes", "Rainbow"),
        "even_heat": translate("Planes", "Even heat"),
    }[name]


def preset_text(code: str) -> str:
    """Return the name of a preset of volumes."""
    return {
        "bone": translate("Planes", "Bone"),
        "vessels": translate("Planes", "Vessels"),
        "lung": translate("Planes", "Lung"),
        "mip": translate("Planes", "Highest values"),
    }[code]


def preparing_text() -> str:
    """Return the words in place of a volume that is not drawn yet."""
    return translate("Planes", "The volume is being prepared")


def undrawn_text() -> str:
    """Return why there is no volume, and none will come."""
    return translate("Planes", "The process that draws volumes has ended.")


def thinned_text(stride: int) -> str:
    """Return that a volume is too large to be drawn in full."""
    return translate("Planes", "every {stride}th voxel").format(stride=stride)


def note_text(note: GridNote, amount: float) -> str:
    """Return what must be said of a picture from this volume."""
    texts = {
        GridNote.GANTRY_TILT: translate("Planes", "gantry tilted by {amount}°: cut in its true geometry"),
        GridNote.UNEVEN_SPACING: translate("Planes", "uneven slices, up to {amount} mm: cut where they are"),
        GridNote.MISSING_SLICES: translate("Planes", "slices missing, {amount} mm apart: holes stay empty"),
    }
    return texts[note].format(amount=f"{amount:.1f}")


def link_text(basis: LinkBasis | None) -> str:
    """Return what carries the planes from the first examination to this one."""
    if basis is None:
        return translate("Planes", "not registered: same turn, slab and scale, another place")
    if basis is LinkBasis.SAME_FRAME:
        return translate("Planes", "same place: one frame of reference")
    if basis is LinkBasis.MANUAL_OFFSET:
        return translate("Planes", "same place: matched by hand")
    return translate("Planes", "same place: by registration")


def refused_text() -> str:
    """Return the words in place of a picture that cannot be."""
    return translate("Planes", "This series makes no volume that could be cut.")


def loading_text(percent: int) -> str:
    """Return how much of a volume is there."""
    return translate("Planes", "loading, {percent} %").format(percent=percent)


def turning_text(azimuth_degrees: float, *, is_there: bool) -> str:
    """Return from where the turning projection is seen, or that it is being made."""
    if not is_there:
        return translate("Planes", "highest values from all around: being made")
    return translate("Planes", "highest values, from {degrees}°").format(degrees=f"{azimuth_degrees:.0f}")
