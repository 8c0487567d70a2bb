"""All registrations that the objects of a catalogue state."""

from __future__ import annotations

from pathlib import Path

from loaders.discovery.element_values import Elements
from loaders.errors import SourceError
from loaders.model.pixel_format import FileLocator
from loaders.model.study import Catalogue
from loaders.objects.object_reading import ObjectBytes, read_object
from loaders.objects.spatial_registration import Registration, registrations_of


def registrations_in(catalogue: Catalogue, file_bytes: ObjectBytes | None = None) -> tuple[Registration, ...]:
    """Read the registration objects of a catalogue, one after the other; those that cannot be read state nothing.

    The walk of a file is bounded in time and memory and never raises for its contents, here as in a worker.
    """
    found: list[Registration] = []
    for row in catalogue.not_displayed:
        if row.reason != "registration":
            continue
        try:
            data = file_bytes(row.file) if file_bytes is not None else None
        except SourceError:
            continue
        record = read_object(row.file, data)
        if record["status"] == "object":
            found += registrations_of(Elements(record["elements"]))
    return tuple(found)


def registrations_in_bytes(data: bytes) -> tuple[Registration, ...]:
    """Read the registrations that the bytes of one file state; none where it is no registration object."""
    record = read_object(FileLocator(Path("registration")), data)
    return registrations_of(Elements(record["elements"])) if record["status"] == "object" else ()
