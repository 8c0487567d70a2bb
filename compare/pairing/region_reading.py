"""Looks at a few slices of the CT series that would pair, for :mod:`compare.pairing.body_region`. Slow: for jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from compare.pairing.body_region import (
    RegionShares,
    measure_section,
    region_of_section,
    region_shares,
    slices_to_look_at,
)
from compare.pairing.series_features import SeriesFeatures, features_of
from compare.pairing.series_pairs import Pairing
from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.units import ValueUnit
from loaders.model.volume import Volume
from loaders.values.modality_lut import apply_modality_lut

#: Decodes one frame of a stack, by its index, to a volume of that frame alone; raises ``WorldError`` where it cannot.
FrameLoader = Callable[[Stack, int], Volume]
_MOST_PAIRS = 8


def series_to_look_at(pairing: Pairing) -> tuple[Series, ...]:
    """Return the CT series of the first pairs, which are those that will hang, each once."""
    found = [series for pair in pairing.pairs[:_MOST_PAIRS] for series in (pair.current, pair.prior)]
    return tuple(one for one in dict.fromkeys(found) if one.modality == "CT")


def regions_of(series: Iterable[Series], load: FrameLoader) -> dict[str, RegionShares]:
    """Return by UID what a few slices of each series show; series that cannot be judged are left out."""
    found: dict[str, RegionShares] = {}
    for one in series:
        features = features_of(one)
        if features is None or features.is_localiser:
            continue
        shares = region_shares(
            _region(features, index, load) for index in slices_to_look_at(len(features.stack.frames))
        )
        if shares:
            found[one.uid] = shares
    return found


def _region(features: SeriesFeatures, index: int, load: FrameLoader) -> str:
    frame = features.stack.frames[index]
    if frame.values.unit is not ValueUnit.HOUNSFIELD or frame.format.is_colour or not frame.spacing.is_mm:
        return ""
    try:
        values = _values(load(features.stack, index))
    except WorldError:
        return ""  # the pictures say so themselves when they are shown
    if values is None:
        return ""
    measures = measure_section(values, (frame.spacing.row_mm, frame.spacing.column_mm))
    return region_of_section(measures, is_axial=features.plane == "axial")


def _values(volume: Volume) -> NDArray[np.float64] | None:
    stored = volume.frame_array(0)
    return None if stored is None else apply_modality_lut(stored, volume.frame(0).values)
