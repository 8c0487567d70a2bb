"""What objects beside a series say of it: key images, real world values; and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.discovery.element_values import Elements
from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.study import Catalogue, Study
from loaders.objects.key_objects import KeyImages, key_images, key_slices
from loaders.objects.object_reading import ObjectReader
from loaders.objects.real_world_values import RealWorldMap, real_world_maps


@dataclass(frozen=True, slots=True)
class Beside:
    """Key images and real world value maps that name images of a series."""

    key_images: tuple[KeyImages, ...] = ()
    real_world_maps: tuple[RealWorldMap, ...] = ()
    unreadable: tuple[str, ...] = ()


def read_beside(catalogue: Catalogue, study: Study, series: Series, reader: ObjectReader) -> Beside:
    """Read what belongs to a series. An object that cannot be read is named, and stops nothing."""
    uids = {frame.sop_instance_uid for stack in series.stacks for frame in stack.frames}
    is_signed = series.stacks[0].frames[0].format.is_signed
    keys: list[KeyImages] = []
    maps: list[RealWorldMap] = []
    unreadable: list[str] = []
    for row in catalogue.not_displayed:
        if row.study_uid != study.uid or row.reason not in {"key_object_selection", "real_world_value_mapping"}:
            continue
        try:
            top: Elements = reader.elements(row.file)
        except WorldError as error:
            unreadable.append(f"{row.sop_class}: {error.message}")
            continue
        if row.reason == "key_object_selection":
            keys.append(key_images(top))
        else:
            maps += real_world_maps(top, is_signed=is_signed)
    meant = [each for each in keys if any(ref.sop_instance_uid in uids for ref in each.references)]
    valued = [each for each in maps if any(ref.sop_instance_uid in uids for ref in each.references)]
    return Beside(tuple(meant), tuple(valued), tuple(unreadable))


def key_images_document(beside: Beside, series: Series) -> list[dict[str, object]]:
    """Return the selections with the slices they name, stack by stack, from 1."""
    return [
        {
            "sop_instance_uid": each.sop_instance_uid,
            "title": each.title,
            "description": each.description,
            "is_rejection": each.is_rejection,
            "slices": {
                stack.key.stack_id: list(numbers) for stack in series.stacks if (numbers := key_slices(each, stack))
            },
        }
        for each in beside.key_images
    ]


def real_world_document(beside: Beside) -> list[dict[str, object]]:
    """Return the real world value maps, equal ones of many images once."""
    rows = {
        (each.unit_code, each.slope, each.intercept, each.first, each.last): each for each in beside.real_world_maps
    }
    return [
        {
            "unit": each.unit_code,
            "unit_name": each.unit_meaning,
            "label": each.label,
            "slope": None if each.table else each.slope,
            "intercept": None if each.table else each.intercept,
            "first": each.first,
            "last": each.last,
            "images": len(each.references),
        }
        for each in rows.values()
    ]
