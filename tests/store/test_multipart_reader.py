"""The multipart reader against answers of every shape, cut at every byte. The oracle composes what it must read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.transport.multipart_reader import BrokenMultipart, MultipartReader, boundary_of

_BOUNDARY = b"a1-B'(2)"


class _Trickle:
    """A stream that gives so many bytes at once."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._stream, self._piece = io.BytesIO(data), piece

    def readinto(self, buffer: memoryview, /) -> int:
        return self._stream.readinto(buffer[: self._piece])


def _body(payloads: list[bytes], *, lengths: bool, headers: bool = True, closing: bytes = b"--\r\n") -> bytes:
    body = b""
    for payload in payloads:
        body += b"--" + _BOUNDARY + b"\r\n"
        if headers:
            body += b"Content-Type: application/dicom\r\n"
        if lengths:
            body += b"CONTENT-LENGTH:" + str(len(payload)).encode() + b"\r\n"
        body += b"\r\n" + payload + b"\r\n"
    return body + b"--" + _BOUNDARY + closing


def _read(data: bytes, piece: int = 1 << 20, boundary: bytes | None = _BOUNDARY) -> list[bytes]:
    return [bytes(part.payload) for part in MultipartReader(_Trickle(data, piece), boundary, largest_part=1 << 20)]


_nasty = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\r\n", b"--", b"\r\n--" + _BOUNDARY + b"x", b"\r\n--" + _BOUNDARY[:-1], b"\r" * 9]),
)


@given(st.lists(_nasty, min_size=1, max_size=5), st.integers(1, 70), st.booleans(), st.binary(max_size=20))
def test_what_was_composed_is_read(payloads: list[bytes], piece: int, headers: bool, epilogue: bytes) -> None:
    assert _read(_body(payloads, lengths=True, headers=headers) + epilogue, piece) == payloads
    mark = b"\r\n--" + _BOUNDARY
    if all(
        mark + ending not in b"\r\n" + payload + b"\r\n" for payload in payloads for ending in (b"--", b"\r\n", b" ")
    ):
        assert _read(_body(payloads, lengths=False, headers=headers) + epilogue, piece) == payloads


@given(st.integers(1, 9))
def test_a_length_beats_a_boundary_within_the_payload(piece: int) -> None:
    evil = b"before\r\n--" + _BOUNDARY + b"\r\n\r\nnot a part\r\n--" + _BOUNDARY + b"--"
    assert _read(_body([evil, b"next"], lengths=True), piece) == [evil, b"next"]


@pytest.mark.parametrize("lengths", [True, False])
def test_an_answer_cut_at_any_byte_never_gives_half_a_part(lengths: bool) -> None:
    payloads = [b"first payload", b"second"]
    whole = _body(payloads, lengths=lengths)
    for end in range(1, len(whole) - 3):  # without the closing boundary's last bytes
        got: list[bytes] = []
        with pytest.raises(BrokenMultipart):
            got.extend(bytes(part.payload) for part in MultipartReader(_Trickle(whole[:end], 5), _BOUNDARY))
        assert got == payloads[: len(got)]


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        b"--" + _BOUNDARY + b"garbage\r\n\r\nx\r\n--" + _BOUNDARY + b"--",
        b"--" + _BOUNDARY + b"\r\nno colon\r\n\r\nx\r\n--" + _BOUNDARY + b"--",
        _body([b"12345"], lengths=True).replace(b":5\r", b":3\r"),
        _body([b"12345"], lengths=True).replace(b":5\r", b":9\r"),
        _body([b"12345"], lengths=True).replace(b":5\r", b":-5\r"),
        _body([b"12345"], lengths=True).replace(b":5\r", b":4294967296\r"),
        b"--" + _BOUNDARY + b"\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_broken_answers_are_refused(body: bytes) -> None:
    with pytest.raises(BrokenMultipart):
        _read(body)


def test_a_preamble_transport_padding_and_nothing_at_all() -> None:
    assert _read(b"a preamble\r\n" + _body([b"x"], lengths=False)) == [b"x"]
    padded = _body([b"x"], lengths=False).replace(_BOUNDARY + b"\r\n", _BOUNDARY + b" \t\r\n")
    assert _read(padded) == [b"x"]
    assert _read(b"") == []


def test_a_single_part_answer_is_one_part() -> None:
    assert _read(b"whole body", boundary=None) == [b"whole body"]
    assert _read(b"", boundary=None) == []


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b\\"c"', b'a b"c'),
        ("Multipart/Related;boundary=plain;type=application/dicom", b"plain"),
        ('multipart/related; type="x; boundary=no"; BOUNDARY = yes', b"yes"),
        ("application/dicom", None),
    ],
)
def test_boundaries_are_found(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type", ["multipart/related", 'multipart/related; boundary=""', "multipart/x; boundary=ä"]
)
def test_unusable_boundaries_are_refused(content_type: str) -> None:
    with pytest.raises(BrokenMultipart):
        boundary_of(content_type)
