"""Text as declared by Specific Character Set, and a marked guess where the declaration cannot be right.

PS3.5 6.1 and PS3.3 C.12.1.1.2. Chinese text is met under a false or missing declaration (GB 18030 declared as Latin-1,
Big5 that DICOM does not know at all); what is decoded otherwise than declared carries a flag and is never stored back.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import lru_cache

_GUESSES = ("utf-8", "gb18030", "big5hkscs")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_COMPONENT = re.compile(rb"[^\^=\\ ]+")
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEFAULT_REPERTOIRE = "iso8859"
_TO_GB2312 = "\x1b$)A"
_SINGLE_BYTE = frozenset({"iso8859", "latin_1", "iso_ir_100", "ascii"})


@lru_cache(maxsize=256)
def _encodings(declared: tuple[str, ...]) -> tuple[str, ...]:
    """Python encodings of the declared terms; an unknown term falls back to the default repertoire."""
    # Here and below: pydicom takes 0.2 s to import, and most headers are ASCII.
    from pydicom.charset import convert_encodings  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(list(declared) or [""]))
        except LookupError:
            return ("iso8859",)


def decode_text(
    data: bytes, declared: tuple[str, ...], *, is_person_name: bool = False, keeps_lines: bool = False
) -> tuple[str, bool]:
    """Return the text and whether its character set was guessed. Undecodable bytes show as U+FFFD.

    Line breaks and tabs become spaces unless the text is to keep its lines.
    """
    data = data.rstrip(b"\0 ")
    if data.isascii() and b"\x1b" not in data:
        return printable(data.decode("ascii").strip(), keeps_lines=keeps_lines), False
    text, is_guess = _decode_other(data, declared, is_person_name)
    return printable(text, keeps_lines=keeps_lines), is_guess


def printable(text: str, *, keeps_lines: bool = False) -> str:
    """Show control characters and marks that reorder text as undecodable; line breaks stay, or become spaces."""
    if text.isprintable():
        return text
    text = re.sub(r"\r\n?|\f", "\n", text).replace("\t", " ") if keeps_lines else re.sub(r"[\r\n\t\f]+", " ", text)
    return "".join(
        "\ufffd" if letter != "\n" and unicodedata.category(letter) in _UNSAFE else letter for letter in text
    )


@lru_cache(maxsize=1024)
def _decode_other(data: bytes, declared: tuple[str, ...], is_person_name: bool) -> tuple[str, bool]:  # noqa: FBT001 (a cache key)
    from pydicom.charset import decode_bytes  # noqa: PLC0415
    from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS  # noqa: PLC0415

    encodings = _encodings(declared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an undecodable byte is seen in the result, and acted on below
        text = decode_bytes(data, list(encodings), PN_DELIMS if is_person_name else TEXT_VR_DELIMS)
    # pydicom 3.0 leaves the escape to GB 2312 in the text (it takes Python's codec for one that strips it).
    text = text.replace(_TO_GB2312, "").strip(" \0")
    is_undeclared = not any(declared)
    if not is_undeclared and not _is_implausible(text, data, encodings):
        return text, False
    guess = _guess(data)
    if guess is not None and guess != text:
        return guess, True
    # High bytes under no declaration at all: Latin-1 is a guess too.
    return text, is_undeclared or "\ufffd" in text


def _is_implausible(text: str, data: bytes, encodings: tuple[str, ...]) -> bool:
    """Whether the declared character set cannot have been meant.

    Replacement and control characters are never text. Under Latin-1, a name's high bytes are letters among ASCII
    letters; symbols among them, or a whole component of paired high bytes, are another set's two-byte characters.
    """
    if any(
        character == "\ufffd" or (unicodedata.category(character) in {"Cc", "Co", "Cn"} and character not in "\r\n\t\f")
        for character in text
    ):
        return True
    if len(encodings) > 1 and encodings[0] == _DEFAULT_REPERTOIRE and b"\x1b" not in data:
        # Code extensions are declared, none is switched to, and the default repertoire has no high bytes.
        return not data.isascii()
    if encodings[0] not in _SINGLE_BYTE or len(encodings) > 1:
        return False
    high = [character for character in text if ord(character) >= 0x80]
    if any(not character.isalpha() for character in high):
        return True
    return any(
        len(component) >= 2 and len(component) % 2 == 0 and _HIGH_RUN.fullmatch(component)
        for component in _COMPONENT.findall(data)
    )


def _guess(data: bytes) -> str | None:
    for encoding in _GUESSES:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(_is_plausible_guess(character, encoding) for character in text if not character.isascii()):
            return text.strip(" \0")
    return None


def _is_plausible_guess(character: str, encoding: str) -> bool:
    if encoding == "utf-8":
        return character.isalnum() or unicodedata.category(character)[0] in "PSZM"
    code = ord(character)
    return (
        0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF or character in "·・\u3000"
    )
