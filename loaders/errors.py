"""The error tree: it says who is to blame.

* ``WorldError``: the world's fault (a file, a store, a disk). The user gets a sentence: what, which study, what to do.
* Everything else is our fault and ends in a crash report, never in a friendly sentence.

``code`` is a stable word for lists, JSON and translation; ``message`` is English for logs and the headless verbs.
"""

from __future__ import annotations


class WorldError(Exception):
    """Something outside the program is not as it must be."""

    code = "world_error"

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class SourceError(WorldError):
    """A folder, stick, archive or store cannot be read (any more)."""

    code = "source_unreadable"


class PasswordNeeded(SourceError):
    """An archive is encrypted and no, or a wrong, password was given."""

    code = "password_needed"


class DecodeError(WorldError):
    """A frame's pixels cannot be decoded, or must not be: its header and its codestream disagree."""

    code = "decode_failed"


class TooLarge(WorldError):
    """More memory would be needed than there is; the message names both numbers."""

    code = "too_large"


class Cancelled(Exception):
    """The job was cancelled at a frame or file boundary."""
