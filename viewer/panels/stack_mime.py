"""A stack on its way from the time rail to a viewport: its key as JSON."""

from __future__ import annotations

import json

from PySide6.QtCore import QMimeData

from loaders.model.stack import StackKey

STACK_MIME_TYPE = "application/x-diptych-stack+json"

#: Three DICOM UIDs (64 characters each) and a stack identifier fit many times over; a foreign program's megabytes not.
_LONGEST = 4096


def stack_to_mime(key: StackKey) -> QMimeData:
    """Return the drag data of a stack. It holds UIDs only, no patient data."""
    data = QMimeData()
    content = {"study_uid": key.study_uid, "series_uid": key.series_uid, "stack_id": key.stack_id}
    data.setData(STACK_MIME_TYPE, json.dumps(content).encode("utf-8"))
    return data


def stack_from_mime(data: QMimeData) -> StackKey | None:
    """Return the stack being dropped, or ``None`` for anything else: other programs may drop here too."""
    if not data.hasFormat(STACK_MIME_TYPE):
        return None
    raw = bytes(data.data(STACK_MIME_TYPE).data())
    if len(raw) > _LONGEST:
        return None
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    values = [content.get(name) for name in ("study_uid", "series_uid", "stack_id")]
    if not all(isinstance(value, str) for value in values):
        return None
    return StackKey(*(str(value) for value in values))
