"""Whatever a file holds, reading it as any kind of object ends in a value or in a sentence."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.discovery.element_values import Elements
from loaders.discovery.header_scan import HeaderRecord
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.objects.document_text import document_text
from loaders.objects.key_objects import key_images
from loaders.objects.object_reading import read_object
from loaders.objects.overlay_planes import curve_names, overlay_planes
from loaders.objects.presentation_state import presentation_state
from loaders.objects.real_world_values import real_world_maps
from loaders.objects.segmentation import segmentation
from loaders.objects.shutters import shutters_of
from loaders.objects.spatial_registration import registrations_of
from loaders.objects.structure_set import structure_set
from loaders.objects.structured_report import report_text
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset
from tests.support.dicom_objects import (
    CDA,
    content,
    deformable_registration,
    encapsulated,
    item,
    key_object,
    lut,
    presentation_state_of,
    rigid_registration,
    text_report,
)
from tests.support.shared_data import real_path

READERS: tuple[Callable[[Elements], object], ...] = (
    presentation_state, key_images, structure_set, report_text, registrations_of, real_world_maps, overlay_planes,
    curve_names, shutters_of,
)  # fmt: skip
IMAGE = slice_dataset(SeriesRecipe(), 0)


def _samples() -> list[bytes]:
    text = item(UnformattedTextValue="x", BoundingBoxAnnotationUnits="PIXEL", BoundingBoxTopLeftHandCorner=[1.0, 1.0])
    state = presentation_state_of(
        IMAGE,
        ModalityLUTSequence=[lut([1, 2, 3], kind="US")],
        SoftcopyVOILUTSequence=[item(WindowCenter=[1], WindowWidth=[2])],
        GraphicAnnotationSequence=[item(GraphicLayer="A", TextObjectSequence=[text])],
        ShutterShape="CIRCULAR", CenterOfCircularShutter=[3, 3], RadiusOfCircularShutter=2,
    )  # fmt: skip
    vectors = np.ones((2, 2, 2, 3), dtype=np.float32)
    made = (
        state, key_object([IMAGE]), text_report(content("TEXT", "Findings", TextValue="clear")),
        rigid_registration("a", "b", np.eye(4)), deformable_registration("a", "b", vectors, 2.0),
        encapsulated(CDA, "text/xml"), encapsulated(b"%PDF-1.4 broken", "application/pdf"), IMAGE,
    )  # fmt: skip
    return [dataset_bytes(ds) for ds in made]


SAMPLES = _samples()


def _read_as_everything(record: HeaderRecord) -> None:
    if record["status"] not in {"image", "object"}:
        assert record.get("message") or record["status"] in {"not_dicom", "directory"}
        return
    for reader in READERS:
        reader(Elements(record["elements"]))
    with contextlib.suppress(WorldError):
        segmentation(record)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SAMPLES) - 1), st.randoms(use_true_random=True))
def test_changed_bytes_never_break_a_reader(which: int, chance: random.Random) -> None:
    data = bytearray(SAMPLES[which])
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(128, len(data))
        if chance.random() < 0.3:
            del data[at : at + chance.randint(1, 40)]
        else:
            data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        if len(data) < 200:
            break
    _read_as_everything(read_object(FileLocator(Path("-")), bytes(data)))
    with contextlib.suppress(WorldError):
        document_text(FileLocator(Path("-")), bytes(data))


@pytest.mark.parametrize("folder", ["malformed", "objects"])
def test_no_real_file_breaks_a_reader(folder: str) -> None:
    paths = [path for path in sorted(real_path(folder).rglob("*")) if path.is_file()]
    for path in paths[:: 1 if folder == "objects" else 7]:
        _read_as_everything(read_object(FileLocator(path)))
