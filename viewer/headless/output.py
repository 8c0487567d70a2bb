"""What every verb without a window does alike: its arguments' frame, its JSON document, its line on an error."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from loaders.errors import WorldError

#: The target that means standard output.
STANDARD_OUTPUT = "-"


class OutputError(WorldError):
    """A result cannot be written where it was asked for."""

    code = "output_unwritable"


def verb_parser(verb: str, description: str, *, with_json: bool = True) -> argparse.ArgumentParser:
    """Return a parser named after the verb, with ``--json FILE`` unless the verb has no document.

    Wrong arguments end in ``SystemExit(2)``, as argparse does; the command line turns it into the exit status.
    """
    parser = argparse.ArgumentParser(prog=f"diptych {verb}", description=description, allow_abbrev=False)
    if with_json:
        parser.add_argument("--json", metavar="FILE", help="write the result as JSON; - is standard output")
    return parser


def write_json(document: Mapping[str, object], target: str | Path) -> None:
    """Write a document as UTF-8 JSON to a file, or to standard output for ``-``.

    The file appears whole or not at all. Numbers that JSON does not know (NaN, infinity) are a fault of ours: they
    raise ``ValueError``. Raises ``OutputError`` when the file cannot be written.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    # Bytes of a file name that are no UTF-8 reach Python as lone surrogates, which UTF-8 cannot hold.
    data = text.encode("utf-8", errors="backslashreplace")
    if str(target) == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_bytes(data, Path(target))


def write_bytes(data: bytes, path: Path) -> None:
    """Write a result file whole or not at all, beside its place and then over it; raises ``OutputError``."""
    try:
        if path.exists() and not path.is_file():  # /dev/stdout, a pipe: written to, never replaced
            path.write_bytes(data)
            return
        descriptor, temporary = tempfile.mkstemp(prefix=".diptych-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def error_line(error: WorldError) -> str:
    """Return the error as one line: ``error: CODE: what happened``. Control characters cannot break the line."""
    words = " ".join(error.message.split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in words)
    return f"error: {error.code}: {printable}"


def say_error(error: WorldError) -> None:
    """Print :func:`error_line` on standard error, in whatever encoding the terminal has."""
    stream = sys.stderr
    encoding = stream.encoding or "utf-8"
    stream.write(error_line(error).encode(encoding, errors="backslashreplace").decode(encoding) + "\n")
