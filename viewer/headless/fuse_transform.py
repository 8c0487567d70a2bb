"""What lays an overlay over a base of another frame of reference: a transform in a file, named by the reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compare.linking.frame_graph import RigidTransform
from compare.pet.fusion_pairs import CannotFuse
from compare.registration.transform_file import read_rigid_transform
from loaders.model.stack import Stack
from loaders.objects.registration_reading import registrations_in
from viewer.headless.opened_path import opened

_ITK_SUFFIXES = frozenset({".h5", ".hdf5", ".tfm", ".txt", ".mat"})


def base_to_overlay(path: Path, base: Stack, overlay: Stack) -> RigidTransform:
    """Return the transform of a file from the base's to the overlay's points.

    An ITK file maps fixed (base) to moving (overlay) points, as it does for ITK's resampling. A DICOM Spatial
    Registration (PS3.3 C.20.2) states its frames of reference: they must be those of the two series, either way round.
    Raises ``WorldError``.
    """
    if path.suffix.lower() in _ITK_SUFFIXES:
        return read_rigid_transform(path)
    ours, theirs = base.frame_of_reference_uid, overlay.frame_of_reference_uid
    with opened(path) as source:
        found = registrations_in(source.catalogue, source.objects)
    for one in found:
        if one.grid is not None or {one.source_uid, one.registered_uid} != {ours, theirs}:
            continue
        try:
            return RigidTransform(one.matrix if one.source_uid == ours else np.linalg.inv(one.matrix))
        except ValueError as error:
            raise CannotFuse(f"the registration in {path.name} scales, shears or mirrors") from error
    raise CannotFuse(f"{path.name} holds no rigid registration between the frames of reference {ours} and {theirs}")
