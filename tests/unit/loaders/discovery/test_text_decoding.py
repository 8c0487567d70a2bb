"""Names as declared, and the marked guess where the declaration cannot be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.discovery.text_decoding import decode_text


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Äneas^Rüdiger", "latin-1", ("ISO_IR 100",)),
        ("Füßer^Jörg", "latin-1", ("ISO_IR 100",)),
        ("Wang^XiaoDong=王^小东", "gb18030", ("GB18030",)),
        ("Wang^XiaoDong=王^小東", "utf-8", ("ISO_IR 192",)),
        ("Люксембург", "iso8859-5", ("ISO_IR 144",)),
    ],
)
def test_what_is_rightly_declared_is_not_guessed(text: str, encoding: str, declared: tuple[str, ...]) -> None:
    assert decode_text(text.encode(encoding), declared, is_person_name=True) == (text, False)


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("王^小东", "gb18030", ("ISO_IR 100",)),
        ("CHAN^TAI MAN=陳^大文", "big5hkscs", ("ISO_IR 100",)),
        ("CHAN^TAI MAN=陳^大文", "utf-8", ("ISO_IR 100",)),
        ("CHAN^TAI MAN=陳^大文", "utf-8", ()),
        ("CHAN^TAI MAN=陳^大文", "big5hkscs", ("ISO_IR 192",)),
        ("李^伟", "gb18030", ()),
    ],
)
def test_a_false_declaration_is_guessed_and_flagged(text: str, encoding: str, declared: tuple[str, ...]) -> None:
    assert decode_text(text.encode(encoding), declared, is_person_name=True) == (text, True)


def test_control_and_reordering_characters_are_shown_as_undecodable() -> None:
    assert decode_text(b"A\x01B^C", (), is_person_name=True) == ("A\ufffdB^C", False)
    text, _ = decode_text("EVIL\u202eTXT".encode(), ("ISO_IR 192",))
    assert "\u202e" not in text


def test_an_unknown_declaration_does_not_stop_a_name() -> None:
    assert decode_text(b"DOE^JOHN", ("NO SUCH SET",)) == ("DOE^JOHN", False)


@given(st.binary(max_size=60), st.sampled_from([(), ("ISO_IR 100",), ("GB18030",), ("", "ISO 2022 IR 87"), ("x",)]))
def test_any_bytes_give_printable_text(data: bytes, declared: tuple[str, ...]) -> None:
    text, _ = decode_text(data, declared, is_person_name=True)
    assert all(letter.isprintable() or letter.isspace() for letter in text)
