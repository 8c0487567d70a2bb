"""The protocol every source of images answers: geometry before pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from loaders.model.frame import Frame
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, ProgressCallback

#: Called with the catalogue as known so far, at most about ten times a second, and once at the end.
CatalogueCallback = Callable[[Catalogue], None]


class ImageSource(Protocol):
    """A folder, disc, archive or store."""

    @property
    def name(self) -> str:
        """What the reader sees as its name; never a patient's."""
        ...

    def catalogue(
        self,
        *,
        on_found: CatalogueCallback,
        progress: ProgressCallback,
        cancel: CancelToken,
    ) -> Catalogue:
        """Find studies, series and stacks with the geometry of every frame, before any pixel is fetched.

        Raises ``SourceError`` when the source as a whole cannot be read, ``Cancelled`` when cancelled. A single bad
        file is a ``Problem`` in the catalogue.
        """
        ...

    def frame_bytes(self, frame: Frame) -> bytes | None:
        """Return the frame's instance as DICOM bytes, or ``None`` when ``frame.location`` can be read as a file."""
        ...

    def close(self) -> None:
        """Let go of handles, connections and secrets."""
        ...
