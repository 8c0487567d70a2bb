"""All registrations that the objects of a catalogue state."""

from __future__ import annotations

from loaders.errors import WorldError
from loaders.model.study import Catalogue
from loaders.objects.object_reading import ObjectReader
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
