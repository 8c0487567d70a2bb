"""All commands of the session in one name space, for the controller and the tools."""

from __future__ import annotations

from compare.session.key_image_commands import remove_key_image, toggle_key_image
from compare.session.layout_commands import restore, set_active, set_layout, swap, toggle_maximised
from compare.session.lesion_commands import add_lesion, delete_lesion, edit_lesion, judge_lesion
from compare.session.link_commands import (
    confirm_identity,
    is_confirmed,
    match_slices,
    override_identity,
    override_reason,
    remove_offset,
    set_action,
    toggle_action,
    toggle_links,
)
from compare.session.measure_commands import (
    accept_measurement,
    add_carried,
    add_measurement,
    assign_lesion,
    delete_measurement,
    edit_measurement,
)
from compare.session.planes_commands import close_planes, set_planes
from compare.session.view_commands import (
    clear_viewport,
    fit,
    flip,
    one_to_one,
    pan_by,
    refit,
    reset_view,
    rotate,
    scroll_by,
    scroll_to,
    set_scale,
    show_stack,
    zoom_at,
)
from compare.session.window_commands import (
    auto_window,
    choose_file_window,
    choose_voi_table,
    drag_window,
    invert,
    reset_window,
    set_interpolation,
    set_window,
)

__all__ = [
    "accept_measurement", "add_carried", "add_lesion", "add_measurement", "assign_lesion", "auto_window",
    "choose_file_window", "choose_voi_table", "clear_viewport", "close_planes", "confirm_identity", "delete_lesion",
    "delete_measurement", "drag_window", "edit_lesion", "edit_measurement", "fit", "flip", "invert", "is_confirmed",
    "judge_lesion", "match_slices", "one_to_one", "override_identity", "override_reason", "pan_by", "refit",
    "remove_key_image", "remove_offset", "reset_view", "reset_window", "restore", "rotate", "scroll_by", "scroll_to",
    "set_action", "set_active", "set_interpolation", "set_layout", "set_planes", "set_scale", "set_window",
    "show_stack", "swap", "toggle_action", "toggle_key_image", "toggle_links", "toggle_maximised", "zoom_at",
]  # fmt: skip
