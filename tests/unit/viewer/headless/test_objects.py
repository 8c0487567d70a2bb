"""The verbs info and report, and what render lays over a slice, end to end through the workers."""

from __future__ import annotations

import importlib.resources
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from loaders.errors import WorldError
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, write_series
from tests.support.dicom_objects import (
    CDA,
    encapsulated,
    item,
    key_object,
    lut,
    presentation_state_of,
    rigid_registration,
    text_report,
)
from tests.support.dicom_objects import content as content_item
from tests.support.shared_data import real_path
from viewer.headless import compare, info, render, report

RECIPE = SeriesRecipe(slices=1, rows=30, columns=44)


def _document(verb: Any, schema: str, tmp_path: Path, *arguments: str) -> dict[str, Any]:
    target = tmp_path / "out.json"
    assert verb.run([*arguments, "--json", str(target)]) == 0
    document: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    text = importlib.resources.files("resources").joinpath(f"schemas/{schema}.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(document, json.loads(text), cls=jsonschema.Draft202012Validator)
    return document


def _written(folder: Path, **datasets: Any) -> Path:
    folder.mkdir(exist_ok=True)
    for name, ds in datasets.items():
        (folder / f"{name}.dcm").write_bytes(dataset_bytes(ds))
    return folder


def _rendered(tmp_path: Path, *arguments: str) -> NDArray[np.uint8]:
    target = tmp_path / "out.png"
    assert render.run([*arguments, "--out", str(target)]) == 0
    return np.array(Image.open(target))


@pytest.mark.parametrize("name", ["info.schema.json", "report.schema.json"])
def test_the_schemas_are_schemas(name: str) -> None:
    text = importlib.resources.files("resources").joinpath("schemas", name).read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_info_tells_the_pipeline_in_order(tmp_path: Path) -> None:
    write_series(tmp_path / "in", SeriesRecipe(overrides={"PixelPaddingValue": 0, "LossyImageCompression": "01"}))
    document = _document(info, "info", tmp_path, str(tmp_path / "in"))
    (stack,) = document["stacks"]
    assert [step["step"] for step in stack["pipeline"]] == ["stored", "modality", "padding", "voi", "polarity"]
    assert stack["pipeline"][1]["numbers"] == {"slope": 1.0, "intercept": -1024.0, "unit": "HU"}
    assert (stack["window"]["center"], stack["window"]["unit"], stack["window"]["chosen_by"]) == (40, "HU", "file")
    assert (stack["spacing"]["basis"], stack["spacing"]["row_mm"]) == ("geometry", 0.7)
    assert stack["lossy"]["is_lossy"]
    assert any("lossy" in words for words in document["warnings"])


def test_info_finds_an_automatic_window_and_a_missing_instance(tmp_path: Path) -> None:
    overrides = {"WindowCenter": None, "WindowWidth": None, "ImagesInAcquisition": 9, "AcquisitionNumber": 1}
    write_series(tmp_path / "in", SeriesRecipe(overrides=overrides))
    document = _document(info, "info", tmp_path, str(tmp_path / "in"))
    assert document["stacks"][0]["window"]["chosen_by"] == "automatic"
    assert document["completeness"] == {
        "instances": 5, "expected_instances": 9, "frames": 5, "is_incomplete": True,
    }  # fmt: skip
    assert "incomplete: 5 of 9 instances are here" in document["warnings"]


@pytest.mark.parametrize(
    ("overrides", "side"),
    [
        ({}, "unknown"),
        ({"Laterality": "L"}, "L"),
        ({"ImageLaterality": "R", "Laterality": "R"}, "R"),
        ({"ImageLaterality": "R", "Laterality": "L"}, "?"),
        ({"ImageLaterality": "L", "Modality": "MG", "SeriesDescription": "RCC view"}, "?"),
        ({"ImageLaterality": "L", "Modality": "MG", "SeriesDescription": "LMLO view"}, "L"),
        ({"Laterality": "X"}, "unknown"),
    ],
)
def test_a_side_is_never_guessed(tmp_path: Path, overrides: dict[str, str], side: str) -> None:
    write_series(tmp_path / "in", SeriesRecipe(slices=1, overrides=overrides))
    document = _document(info, "info", tmp_path, str(tmp_path / "in"))
    assert document["laterality"] == {"side": side, "is_doubtful": side == "?"}


@pytest.mark.parametrize("folder", ["ct", "mr", "xray-us-other", "pet-nm"])
def test_info_describes_every_real_series(tmp_path: Path, folder: str) -> None:
    """The document of every series is well-formed; the loop runs below the verb, for time."""
    from loaders.progress import CancelToken, no_progress
    from loaders.stores.local_folder import LocalFolder
    from viewer.headless.info_document import info_document

    text = importlib.resources.files("resources").joinpath("schemas/info.schema.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft202012Validator(json.loads(text))
    source = LocalFolder([real_path(folder)])
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    for study in catalogue.studies:
        for series in study.series:
            validator.validate(json.loads(json.dumps(info_document(catalogue, study, series, {}))))


def test_report_prints_a_structured_report(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = _written(tmp_path / "in", a=text_report(content_item("TEXT", "Findings", TextValue="Clear lungs.")))
    assert report.run([str(folder)]) == 0
    assert b"Findings: Clear lungs." in capfdbinary.readouterr().out


def test_report_reads_a_clinical_document_in_a_worker(tmp_path: Path) -> None:
    folder = _written(tmp_path / "in", a=encapsulated(CDA, "text/xml", title="Report"))
    document = _document(report, "report", tmp_path, str(folder))
    assert (document["kind"], document["title"]) == ("clinical_document", "Report")
    assert "No consolidation." in document["text"]


def test_report_reads_a_real_pdf_in_a_worker(tmp_path: Path) -> None:
    path = real_path("objects/encapsulated-pdf-stl/Database/sample-pdf.dcm")
    assert "Dear Patient," in _document(report, "report", tmp_path, str(path))["text"]


@pytest.mark.parametrize("uid", ["1.2.3.4", None])
def test_report_says_what_it_does_not_find(tmp_path: Path, uid: str | None) -> None:
    write_series(tmp_path / "in", RECIPE)
    with pytest.raises(WorldError, match="no "):
        report.run([str(tmp_path / "in"), *(["--sop", uid] if uid else [])])


@pytest.mark.parametrize(("rotation", "flip"), [(0, "N"), (90, "N"), (180, "Y"), (270, "Y")])
def test_a_state_turns_cuts_and_windows(tmp_path: Path, rotation: int, flip: str) -> None:
    image = slice_dataset(RECIPE, 0)
    area = item(
        DisplayedAreaTopLeftHandCorner=[5, 3],
        DisplayedAreaBottomRightHandCorner=[20, 28],
        PresentationSizeMode="SCALE TO FIT",
    )
    state = presentation_state_of(
        image,
        SoftcopyVOILUTSequence=[item(WindowCenter=[150], WindowWidth=[200])],
        DisplayedAreaSelectionSequence=[area],
        ImageRotation=rotation,
        ImageHorizontalFlip=flip,
    )
    folder = _written(tmp_path / "in", image=image, state=state)
    got = _rendered(tmp_path, str(folder), "--presentation", state.SOPInstanceUID)
    stored = np.frombuffer(image.PixelData, dtype="<i2").reshape(30, 44).astype(float)[2:28, 4:20]
    grey = np.clip((stored - 149.5) / 199 + 0.5, 0, 1) * 255
    want = np.rot90(grey, -rotation // 90)
    want = want[:, ::-1] if flip == "Y" else want
    assert got.shape == want.shape
    assert np.abs(got - want).max() <= 1


def test_a_state_for_another_image_is_refused(tmp_path: Path) -> None:
    state = presentation_state_of(slice_dataset(RECIPE, 7))
    folder = _written(tmp_path / "in", image=slice_dataset(RECIPE, 0), state=state)
    with pytest.raises(WorldError, match="not for this image"):
        render.run([str(folder), "--presentation", str(state.SOPInstanceUID), "--out", str(tmp_path / "x.png")])


@pytest.mark.parametrize("kind", ["window", "tables", "inverse"])
def test_dcmtk_shows_a_state_the_same(tmp_path: Path, kind: str) -> None:
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    image = slice_dataset(SeriesRecipe(slices=1, rows=64, columns=64, signed=False, intercept=0.0, bits_stored=12), 0)
    image.StudyID, image.AccessionNumber, image.ReferringPhysicianName = "", "", ""
    choices: dict[str, dict[str, Any]] = {
        "window": {"SoftcopyVOILUTSequence": [item(WindowCenter=[300], WindowWidth=[450])]},
        "tables": {
            "SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut([(v * v) >> 8 for v in range(256)], 100)])],
            "PresentationLUTShape": None,
            "PresentationLUTSequence": [lut([255 - v for v in range(256)])],
        },
        "inverse": {
            "SoftcopyVOILUTSequence": [item(WindowCenter=[300], WindowWidth=[450])],
            "PresentationLUTShape": "INVERSE",
        },
    }
    state = presentation_state_of(image, Manufacturer="", **choices[kind])
    folder = _written(tmp_path / "in", image=image, state=state)
    target = tmp_path / "want.pgm"
    command = ["dcmp2pgm", "-p", str(folder / "state.dcm"), str(folder / "image.dcm"), str(target)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert target.exists(), done.stderr
    want = np.array(Image.open(target)).astype(int)
    got = _rendered(tmp_path, str(folder), "--presentation", state.SOPInstanceUID).astype(int)
    assert got.shape == want.shape
    assert np.abs(got - want).max() <= 1


def test_a_real_state_of_three_tables_equals_dcmtk(tmp_path: Path) -> None:
    folder = real_path("objects/gsps-a/dcm4che3/img")
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    target = tmp_path / "want.pgm"
    command = ["dcmp2pgm", "-p", str(folder / "prLUTs.dcm"), str(folder / "imageForPrLUTs.dcm"), str(target)]
    subprocess.run(command, capture_output=True, check=True, timeout=30)
    got = _rendered(tmp_path, str(folder), "--presentation", "1.2.276.0.7230010.3.200.6.0.3")
    assert np.abs(got.astype(int) - np.array(Image.open(target)).astype(int)).max() <= 1


@pytest.mark.parametrize("is_embedded", [False, True])
def test_overlay_planes_are_laid_over(tmp_path: Path, is_embedded: bool) -> None:
    image = slice_dataset(SeriesRecipe(slices=1, rows=30, columns=44, signed=False, bits_stored=12, intercept=0), 0)
    mask = np.random.default_rng(5).random((30, 44)) > 0.9
    fields: list[tuple[int, str, Any]] = [(0x10, "US", 30), (0x11, "US", 44), (0x40, "CS", "G"), (0x50, "SS", [1, 1])]
    if is_embedded:
        words = np.frombuffer(image.PixelData, dtype="<u2") | (mask.reshape(-1).astype("<u2") << 13)
        image.PixelData = words.astype("<u2").tobytes()
        fields += [(0x100, "US", 16), (0x102, "US", 13)]
    else:
        packed = np.packbits(mask.reshape(-1), bitorder="little").tobytes()
        fields += [(0x100, "US", 1), (0x102, "US", 0), (0x3000, "OW", packed + b"\0" * (len(packed) % 2))]
    for element, vr, value in fields:
        image.add_new(0x60000000 | element, vr, value)
    folder = _written(tmp_path / "in", image=image)
    bare = _rendered(tmp_path, str(folder))
    assert bare.ndim == 2
    laid = _rendered(tmp_path, str(folder), "--overlays")
    np.testing.assert_array_equal(laid[mask], np.full((mask.sum(), 3), 255))
    np.testing.assert_array_equal(laid[~mask], np.repeat(bare[~mask][:, None], 3, axis=1))
    assert (
        "overlay planes are present and not shown unless asked for"
        in _document(info, "info", tmp_path, str(folder))["warnings"]
    )


def test_a_real_segmentation_lies_over_its_slice(tmp_path: Path) -> None:
    """Only the pixels that the segmentation names change, by an independent reading with pydicom."""
    import pydicom

    seg_path = real_path("objects/seg-a/data/test_files/seg_image_ct_binary_single_frame.dcm")
    seg = pydicom.dcmread(seg_path)
    source = seg.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    data = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"
    image = pydicom.dcmread(data)
    image.SOPInstanceUID = source.ReferencedSOPInstanceUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.Rows, image.Columns = seg.Rows, seg.Columns
    image.PixelSpacing = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    image.ImagePositionPatient = seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient
    image.ImageOrientationPatient = (
        seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    )
    image.FrameOfReferenceUID = seg.FrameOfReferenceUID
    image.PixelData = (np.arange(seg.Rows * seg.Columns) % 900).astype("<i2").tobytes()
    folder = tmp_path / "in"
    folder.mkdir()
    image.save_as(folder / "image.dcm")
    shutil.copy(seg_path, folder / "seg.dcm")
    bare = _rendered(tmp_path, str(folder))
    laid = _rendered(tmp_path, str(folder), "--segmentation", seg.SOPInstanceUID)
    changed = np.any(laid != bare[..., None], axis=-1)
    mask = seg.pixel_array.reshape(seg.Rows, seg.Columns) > 0
    assert not changed[~mask].any()
    assert changed[mask].mean() > 0.9


def test_info_lists_key_images_with_their_slices(tmp_path: Path) -> None:
    recipe = SeriesRecipe(slices=6)
    write_series(tmp_path / "in", recipe)
    _written(tmp_path / "in", key=key_object([slice_dataset(recipe, 1), slice_dataset(recipe, 4)]))
    document = _document(info, "info", tmp_path, str(tmp_path / "in"))
    (key,) = document["key_images"]
    assert (key["title"], key["description"], key["is_rejection"]) == ("For Surgery", "see the nodule", False)
    assert list(key["slices"].values()) == [[2, 5]]
    assert [row["kind"] for row in document["objects"]] == ["key_object_selection"]


def test_info_tells_real_world_values_of_a_real_study(tmp_path: Path) -> None:
    folder = real_path("pet-nm/acrin-nsclc-fdg-pet-042")
    from loaders.progress import CancelToken, no_progress
    from loaders.stores.local_folder import LocalFolder

    catalogue = LocalFolder([folder]).catalogue(
        on_found=lambda _found: None, progress=no_progress, cancel=CancelToken()
    )
    uid = next(series.uid for study in catalogue.studies for series in study.series if series.modality == "PT")
    document = _document(info, "info", tmp_path, str(folder), "--series", uid)
    assert any("SUV" in row["unit"] or "SUV" in row["unit_name"] for row in document["real_world_values"])


def test_a_registration_object_links_two_studies(tmp_path: Path) -> None:
    common: dict[str, Any] = {"rows": 32, "columns": 32, "slices": 12, "spacing_mm_zyx": (2.0, 1.0, 1.0)}
    prior = SeriesRecipe(name="a", study="prior", study_date="20230102", frame_of_reference="prior frame", **common)
    current = SeriesRecipe(name="b", study="current", frame_of_reference="current frame", **common)
    write_series(tmp_path / "prior", prior)
    write_series(tmp_path / "current", current)
    target = tmp_path / "compare.json"
    arguments = ["--current", str(tmp_path / "current"), "--prior", str(tmp_path / "prior"), "--json", str(target)]
    assert compare.run(arguments) == 0
    assert json.loads(target.read_text())["pairs"][0]["link"]["basis"] == "relative"
    _written(tmp_path / "current", reg=rigid_registration("prior frame", "current frame", np.eye(4)))
    assert compare.run(arguments) == 0
    assert json.loads(target.read_text())["pairs"][0]["link"]["basis"] == "spatial_registration"


def test_a_blending_state_lays_a_coloured_series_over_another(tmp_path: Path) -> None:
    """An independent calculation: nearest pixel in millimetres, the palette, and the relative opacity."""
    under = slice_dataset(SeriesRecipe(name="ct", slices=1, rows=30, columns=40, spacing_mm_zyx=(2, 1, 1)), 0)
    over = slice_dataset(
        SeriesRecipe(name="pet", modality="PT", slices=1, rows=15, columns=20, spacing_mm_zyx=(2, 2, 2), intercept=0.0),
        0,
    )

    def part(position: str, image: Any, window: tuple[int, int]) -> Any:
        named = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
        return item(
            BlendingPosition=position,
            StudyInstanceUID=image.StudyInstanceUID,
            ReferencedSeriesSequence=[item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[named])],
            SoftcopyVOILUTSequence=[item(WindowCenter=[window[0]], WindowWidth=[window[1]])],
        )

    ramps = {"Red": np.arange(256), "Green": np.zeros(256), "Blue": 255 - np.arange(256)}
    tables: dict[str, Any] = {}
    for name, ramp in ramps.items():
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        tables[f"{name}PaletteColorLookupTableData"] = ramp.astype("<u2").tobytes()
    state = presentation_state_of(
        under,
        "1.2.840.10008.5.1.4.1.1.11.4",
        RelativeOpacity=0.25,
        BlendingSequence=[part("UNDERLYING", under, (200, 400)), part("SUPERIMPOSED", over, (80, 150))],
        ReferencedSeriesSequence=None,
        **tables,
    )
    folder = _written(tmp_path / "in", ct=under, pet=over, state=state)
    got = _rendered(tmp_path, str(folder), "--series", under.SeriesInstanceUID, "--presentation", state.SOPInstanceUID)
    grey = [
        np.floor(np.clip((image.astype(float) - (c - 0.5)) / (w - 1) + 0.5, 0, 1) * 255 + 0.5)
        for image, (c, w) in (
            (np.frombuffer(under.PixelData, "<i2").reshape(30, 40), (200, 400)),
            (np.frombuffer(over.PixelData, "<i2").reshape(15, 20), (80, 150)),
        )
    ]
    rows, columns = np.mgrid[0:30, 0:40]
    at = (np.rint(rows / 2).astype(int), np.rint(columns / 2).astype(int))
    inside = (at[0] < 15) & (at[1] < 20)
    level = grey[1][np.minimum(at[0], 14), np.minimum(at[1], 19)]
    colour = np.stack([level, np.zeros_like(level), 255 - level], axis=-1)
    share = np.where(inside, 0.25, 0.0)[..., None]
    want = grey[0][..., None] * (1 - share) + colour * share
    assert np.abs(got - want).max() <= 1
    assert got[20, 20].std() > 0
