from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import dcmread

from viewer.rendering.colour_maps import COLOUR_MAP_NAMES, colour_table, coloured

PALETTES = Path(pydicom.__file__).parent / "data" / "palettes"


@pytest.mark.parametrize(("name", "file", "tolerance"), [("hot_iron", "hotiron.dcm", 0), ("pet", "pet.dcm", 1)])
def test_the_standards_palettes_are_the_standards(name: str, file: str, tolerance: int) -> None:
    dataset = dcmread(PALETTES / file)
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        entries = np.frombuffer(dataset[f"{colour}PaletteColorLookupTableData"].value, dtype=np.uint8).astype(int)
        assert np.max(np.abs(colour_table(name)[:, channel].astype(int) - entries)) <= tolerance


@pytest.mark.parametrize("name", COLOUR_MAP_NAMES)
def test_tables_have_256_read_only_entries(name: str) -> None:
    table = colour_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1


def test_grey_and_its_inverse() -> None:
    assert np.array_equal(colour_table("grey"), np.arange(256)[:, np.newaxis].repeat(3, axis=1))
    assert np.array_equal(colour_table("inverse_grey"), colour_table("grey")[::-1])


def test_the_perceptual_map_rises_evenly_in_lightness() -> None:
    rgb = colour_table("even_heat") / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array((0.2126729, 0.7151522, 0.0721750))
    lightness = np.where(luminance > (6 / 29) ** 3, 116 * np.cbrt(luminance) - 16, luminance * (29 / 3) ** 3)
    assert np.max(np.abs(lightness - np.linspace(0, 100, 256))) < 0.6


def test_colouring_looks_every_pixel_up() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (7, 9)).astype(np.uint8)
    assert np.array_equal(coloured(grey, "hot_iron"), colour_table("hot_iron")[grey])


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="mauve"):
        colour_table("mauve")
