"""Hostile headers: lengths, nesting, numbers, text, identifiers, and files that are something else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from tests.fuzz.recipe import Outcome, element, plain_slice, recipe, swapped

_MARK = b"\0" * 128 + b"DICM"
_META = element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")
_ROWS = element(0x28, 0x10, b"US", struct.pack("<H", 64))


def _pixel_data_at(data: bytes) -> int:
    return data.rindex(b"\xe0\x7f\x10\x00")


def _before_pixels(extra: bytes) -> bytes:
    """Put elements between the header of a sound slice and its pixels."""
    data = plain_slice()
    at = _pixel_data_at(data)
    return data[:at] + extra + data[at:]


@recipe(Outcome.ROW, "empty_file")
def empty_file() -> bytes:
    return b""


@recipe(Outcome.ROW, "not_dicom")
def one_byte() -> bytes:
    return b"\0"


@recipe(Outcome.ROW, "not_dicom")
def text_named_dcm() -> bytes:
    return b"Dear colleague,\nthe pictures are on the other disc.\n" * 40


@recipe(Outcome.ROW)
def mark_and_nothing_else() -> bytes:
    return _MARK


@recipe(Outcome.ROW)
def meta_information_only() -> bytes:
    return _MARK + _META


@recipe(Outcome.ROW)
def meta_length_beyond_the_file() -> bytes:
    return _MARK + element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0", 0xFFF0)


@recipe(Outcome.ROW)
def meta_element_of_four_gigabytes() -> bytes:
    return _MARK + element(2, 1, b"OB", b"\0\1", 0xFFFFFFFE) + _ROWS


@recipe(Outcome.ROW, "malformed")
def element_of_four_gigabytes() -> bytes:
    return _before_pixels(element(0x29, 0x1010, b"OW", b"\0" * 16, 0xFFFFFFFE))


@recipe(Outcome.ROW, "malformed")
def private_element_of_undefined_length() -> bytes:
    return _before_pixels(element(0x29, 0x1010, b"OB", b"\0" * 16, 0xFFFFFFFF))


@recipe(Outcome.ROW, "malformed")
def sequences_nested_a_thousand_deep() -> bytes:
    opened = element(0x40, 0xA730, b"SQ", b"", 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return _before_pixels(opened * 1000 + closed * 1000)


@recipe(Outcome.ROW, "malformed")
def sequences_nested_a_hundred_thousand_deep_and_cut() -> bytes:
    return _before_pixels(element(0x40, 0xA730, b"SQ", b"\xfe\xff\x00\xe0\xff\xff\xff\xff", 0xFFFFFFFF) * 100_000)


@recipe(Outcome.SHOWN)
def sixty_thousand_private_elements() -> bytes:
    extra = b"".join(element(0x29, 0x1000 + number % 0xE000, b"SH", b"x ") for number in range(60_000))
    return _before_pixels(extra)


@recipe(Outcome.ROW, "malformed")
def sequence_longer_than_the_file() -> bytes:
    return _before_pixels(element(0x40, 0xA730, b"SQ", b"", 0x7FFFFFFF))


@recipe(Outcome.ROW, "malformed")
def item_longer_than_its_sequence() -> bytes:
    item = b"\xfe\xff\x00\xe0" + (500).to_bytes(4, "little")
    return _before_pixels(element(0x28, 0x3010, b"SQ", item, 8))


@recipe(Outcome.ROW, "malformed")
def item_outside_a_sequence() -> bytes:
    return _before_pixels(b"\xfe\xff\x00\xe0\0\0\0\0")


@recipe(Outcome.ANY)
def sequence_delimiter_at_top_level() -> bytes:
    return _before_pixels(b"\xfe\xff\xdd\xe0\0\0\0\0")


@recipe(Outcome.ANY)
def unknown_value_representation() -> bytes:
    return _before_pixels(element(0x29, 0x1010, b"??", b"abcd"))


@recipe(Outcome.ANY)
def elements_in_falling_order() -> bytes:
    return _before_pixels(element(8, 0x60, b"CS", b"MR"))


@recipe(Outcome.ANY)
def rows_stated_twice() -> bytes:
    return _before_pixels(element(0x28, 0x10, b"US", struct.pack("<H", 60_000)))


@recipe(Outcome.ROW)
def rows_as_unsigned_long() -> bytes:
    return plain_slice(Rows=None).replace(
        element(0x28, 0x11, b"US", struct.pack("<H", 80)),
        element(0x28, 0x10, b"UL", struct.pack("<L", 0x10040)) + element(0x28, 0x11, b"US", struct.pack("<H", 80)),
    )


@recipe(Outcome.ROW, "unusable_pixels")
def no_rows_at_all() -> bytes:
    return plain_slice(Rows=0)


@recipe(Outcome.ROW, "unusable_pixels")
def rows_missing() -> bytes:
    return plain_slice(Rows=None)


@recipe(Outcome.REFUSED)
def sixty_five_thousand_wide() -> bytes:
    return plain_slice(Rows=65535, Columns=65535)


@recipe(Outcome.REFUSED)
def sixty_five_thousand_wide_in_a_thousand_frames() -> bytes:
    return plain_slice(Rows=65535, Columns=65535, NumberOfFrames=1000)


@recipe(Outcome.REFUSED)
def two_thousand_million_frames() -> bytes:
    return plain_slice(NumberOfFrames=2_147_483_647)


@recipe(Outcome.ANY)
def minus_one_frames() -> bytes:
    return plain_slice(NumberOfFrames=-1)


@recipe(Outcome.SHOWN)
def one_by_one_pixel() -> bytes:
    return plain_slice(Rows=1, Columns=1, PixelData=b"\x10\x00")


@recipe(Outcome.ROW, "missing_uid")
def missing_uids() -> bytes:
    return plain_slice(SOPInstanceUID=None, SeriesInstanceUID=None)


@recipe(Outcome.ANY)
def uid_that_is_a_path() -> bytes:
    return swapped(plain_slice(), 0x20, 0x0E, b"UI", b"../../../../etc/passwd")


@recipe(Outcome.SHOWN)
def missing_geometry() -> bytes:
    return plain_slice(ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None)


@recipe(Outcome.ANY)
def geometry_of_infinities() -> bytes:
    data = swapped(plain_slice(), 0x20, 0x32, b"DS", b"1e308\\-1e308\\nan ")
    return swapped(data, 0x28, 0x30, b"DS", b"1e-300\\inf ")


@recipe(Outcome.ANY)
def orientation_of_no_length() -> bytes:
    return plain_slice(ImageOrientationPatient=[0, 0, 0, 0, 0, 0])


@recipe(Outcome.ANY)
def spacing_of_nought_and_below() -> bytes:
    return plain_slice(PixelSpacing=[0, -1], SliceThickness=-5)


@recipe(Outcome.ANY)
def slope_of_nought_and_window_below_nought() -> bytes:
    return plain_slice(RescaleSlope=0, RescaleIntercept="1e300", WindowWidth=-400, WindowCenter="1e300")


@recipe(Outcome.SHOWN)
def name_of_ten_thousand_letters_and_html() -> bytes:
    return plain_slice(PatientName="<img src=file:///etc/passwd>" * 400, PatientID="\x1b[31m\u202e\0x")


@recipe(Outcome.ANY)
def ten_megabytes_of_comment() -> bytes:
    return _before_pixels(element(0x20, 0x4000, b"UT", b"A" * 10_000_000))


@recipe(Outcome.ANY)
def escape_sequences_of_iso_2022_that_never_end() -> bytes:
    return plain_slice(SpecificCharacterSet=["ISO 2022 IR 87", "ISO 2022 IR 149"], PatientName="\x1b$B\x1b(J\x1b" * 300)


@recipe(Outcome.ANY)
def unknown_character_set() -> bytes:
    return plain_slice(SpecificCharacterSet="ISO_IR 999999", PatientName="\xff\xfe\x80")


@recipe(Outcome.ANY)
def date_and_time_that_are_none() -> bytes:
    return plain_slice(StudyDate="99999999", StudyTime="ABCDEF", PatientBirthDate="00000000")


@recipe(Outcome.ANY)
def numbers_of_a_thousand_digits() -> bytes:
    data = swapped(plain_slice(), 0x20, 0x13, b"IS", b"9" * 1000)
    return swapped(swapped(data, 0x20, 0x11, b"IS", b"-" * 16), 0x28, 0x1053, b"DS", b"1" * 2000)


@recipe(Outcome.ROW)
def deflated_dataset_that_is_noise() -> bytes:
    return _MARK + element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1.99") + bytes(range(256)) * 8


@recipe(Outcome.REFUSED)
def deflated_bomb() -> bytes:
    """A gigabyte of zeros as pixels behind a header of half a kilobyte (safety review, finding 3)."""
    inner = plain_slice(Rows=16384, Columns=32767, PixelData=b"")
    start = inner.index(element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0"))
    body = inner[start + len(element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")) :]
    while body[:2] == b"\x02\x00":
        body = body[8 + int.from_bytes(body[6:8], "little") :]
    body = body[: body.rindex(b"\xe0\x7f\x10\x00")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(body + b"\xe0\x7f\x10\x00OW\0\0" + (1 << 30).to_bytes(4, "little"))
    packed += packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return _MARK + element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1.99") + packed + megabyte * 1024 + packer.flush()


@recipe(Outcome.REFUSED)
def deflated_and_cut() -> bytes:
    data = plain_slice(str(DeflatedExplicitVRLittleEndian))
    return data[: len(data) - 200]


@recipe(Outcome.ANY)
def big_endian_that_says_little() -> bytes:
    return plain_slice(str(ExplicitVRBigEndian)).replace(b"1.2.840.10008.1.2.2\0", b"1.2.840.10008.1.2.1\0")


@recipe(Outcome.SHOWN)
def implicit_that_says_explicit() -> bytes:
    return swapped(plain_slice(str(ImplicitVRLittleEndian)), 2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")


@recipe(Outcome.REFUSED)
def unknown_transfer_syntax() -> bytes:
    return plain_slice().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0")


@recipe(Outcome.SHOWN)
def windows_program_in_the_preamble() -> bytes:
    return b"MZ" + b"\x90" * 126 + plain_slice()[128:]


@recipe(Outcome.SHOWN)
def linux_program_in_the_preamble() -> bytes:
    return b"\x7fELF\x02\x01\x01" + b"\0" * 121 + plain_slice()[128:]


@recipe(Outcome.SHOWN)
def html_in_the_preamble() -> bytes:
    return b"<html><script>alert(1)</script><!--".ljust(128, b" ") + plain_slice()[128:]


@recipe(Outcome.SHOWN)
def tiff_in_the_preamble() -> bytes:
    return b"II*\0\x08\0\0\0".ljust(128, b"\0") + plain_slice()[128:]


@recipe(Outcome.ROW)
def picture_that_is_no_dicom() -> bytes:
    return b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)) * 16


@recipe(Outcome.SHOWN)
def no_preamble() -> bytes:
    return plain_slice()[132:]


@recipe(Outcome.SHOWN, "conflict")
def two_patients_under_one_study() -> Mapping[str, bytes]:
    return {
        "a": plain_slice(SOPInstanceUID="2.25.71", SeriesInstanceUID="2.25.81"),
        "b": plain_slice(
            SOPInstanceUID="2.25.72", SeriesInstanceUID="2.25.82", PatientName="OTHER^ONE", PatientID="X9",
            PatientBirthDate="19010101", PatientSex="M",
        ),
    }  # fmt: skip


@recipe(Outcome.SHOWN, "duplicate")
def one_slice_twice() -> Mapping[str, bytes]:
    return {"a": plain_slice(), "b": plain_slice()}


@recipe(Outcome.SHOWN, "conflict")
def one_uid_with_two_contents() -> Mapping[str, bytes]:
    return {"a": plain_slice(), "b": plain_slice(WindowCenter=99)}
