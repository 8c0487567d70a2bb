"""What a worker can be asked to do: an explicit table, so that a name on the wire never chooses code by itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

TaskFunction = Callable[[bytes], bytes]

#: Task name -> "module:function"; each takes the payload and returns the answer, both bytes.
TASKS: dict[str, str] = {
    "headers": "loaders.discovery.header_scan:read_headers_task",
    "heads": "loaders.discovery.file_heads:read_heads_task",
    "decode": "loaders.pixels.decode_task:decode_task",
    "preview": "loaders.pixels.preview_task:preview_task",
    "object": "loaders.objects.object_reading:read_object_task",
    "document": "loaders.objects.document_text:read_document_task",
    "overlay_bits": "loaders.objects.embedded_overlays:read_overlay_bits_task",
    "echo": "loaders.workers.trial_tasks:echo_task",
    "trial": "loaders.workers.trial_tasks:trial_task",
}

#: Imported by an idle worker, in this order, so that the first real task does not wait for them.
WARM_UP: tuple[str, ...] = (
    "loaders.discovery.header_scan",
    "numpy",
    "loaders.pixels.decode_task",
    "loaders.pixels.bare_codestream",
    "imagecodecs",
    "pydicom.filereader",
)


def load_task(name: str) -> TaskFunction:
    """Return a task's function; raises ``KeyError`` for a name that is not in the table."""
    module, _, function = TASKS[name].partition(":")
    return cast("TaskFunction", getattr(import_module(module), function))
