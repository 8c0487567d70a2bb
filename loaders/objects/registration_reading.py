"""All registrations that the objects of a catalogue state."""

from __future__ import annotations

from pathlib import Path

from loaders.discovery.element_values import Elements
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.model.study import Catalogue
from loaders.objects.object_reading import ObjectReader, read_object
from loaders.objects.spatial_registration import Registration, registrations_of


def registrations_in(catalogue: Catalogue, reader: ObjectReader) -> tuple[Registration, ...]:
    """Read the registration objects of a catalogue in workers, one after the other. For jobs: it waits.

    Those that cannot be read state nothing.
    """
    found: list[Registration] = []
    for row in catalogue.not_displayed:
        if row.reason != "registration":
            continue
        try:
            found += registrations_of(reader.elements(row.file))
        except WorldError:
            continue
    return tuple(found)


def registrations_in_bytes(data: bytes) -> tuple[Registration, ...]:
    """Read the registrations that the bytes of one file state; none where it is no registration object."""
    record = read_object(FileLocator(Path("registration")), data)
    return registrations_of(Elements(record["elements"])) if record["status"] == "object" else ()
