"""Nothing is dropped in silence: every file is shown, a problem, or not displayed for a reason that we know."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from tests.support.shared_data import real_path

FOLDERS = ("ct", "malformed", "mr", "objects", "pairs", "pet-nm", "syntaxes", "xray-us-other")
#: Reasons for objects without a picture and codes of problems: what docs/dicom_conformance.md explains.
REASONS = frozenset(
    {
        "colour_palette", "encapsulated_document", "hanging_protocol", "key_object_selection", "measurement",
        "media_directory", "no_pixels", "presentation_state", "radiotherapy_object", "raw_data",
        "real_world_value_mapping", "registration", "segmentation", "spectroscopy", "structured_report", "surface",
        "tiled_slide", "video", "waveform",
    }
)  # fmt: skip
CODES = frozenset(
    {
        "conflict", "duplicate", "empty_file", "malformed", "missing_file", "missing_uid", "no_permission", "no_pixels",
        "not_dicom", "truncated", "unreadable", "unusable_pixels", "vanished", "worker_lost",
    }
)  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_are_shown_or_said(folder: str) -> None:
    root = real_path(folder)
    files = {path for path in root.rglob("*") if path.is_file()}
    source = LocalFolder([root])
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    shown = {
        frame.location.file.path
        for study in catalogue.studies
        for series in study.series
        for stack in series.stacks
        for frame in stack.frames
    }
    said = {row.path for row in catalogue.problems}
    listed = {row.path for row in catalogue.not_displayed}
    assert files <= shown | said | listed
    assert not shown & listed
    # A file may be shown and be said to be damaged; none is counted as shown that is not there.
    assert len(files) == len(shown & files) + len((said - shown - listed) & files) + len(listed & files)
    assert {row.reason for row in catalogue.not_displayed} <= REASONS
    assert {row.code for row in catalogue.problems} <= CODES


def test_every_reason_is_explained() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "dicom_conformance.md").read_text(encoding="utf-8")
    assert [word for word in sorted(REASONS | CODES) if f"`{word}`" not in text] == []
