"""What a command refuses to do, with a code that the viewer turns into a sentence."""

from __future__ import annotations


class Refused(Exception):
    """The reader asked for something that would be wrong or has no meaning here. ``code`` is a stable word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
