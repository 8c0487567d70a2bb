"""Key object selections: the images somebody marked, and why (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loaders.discovery.element_values import Elements
from loaders.model.stack import Stack
from loaders.objects.image_references import ImageReference, image_references

KEY_OBJECT_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class KeyImages:
    """One selection: its title, what was said about it, and the images."""

    sop_instance_uid: str
    title: str
    description: str
    references: tuple[ImageReference, ...]

    @property
    def is_rejection(self) -> bool:
        """Whether the images are marked as not to be used (IHE IOCM): quality, patient safety, wrong worklist entry."""
        return self.title.casefold().startswith(("rejected for", "incorrect modality worklist", "data retention"))


def key_slices(selection: KeyImages, stack: Stack) -> tuple[int, ...]:
    """Return the slices of a stack, from 1, that a selection names."""
    return tuple(
        number
        for number, frame in enumerate(stack.frames, start=1)
        if any(reference.names(frame) for reference in selection.references)
    )


def key_images(top: Elements) -> KeyImages:
    """Read a key object selection."""
    concept = top.item("ConceptNameCodeSequence")
    references: list[ImageReference] = []
    texts: list[str] = []
    for item in _content(top, 0):
        kind = item.text("ValueType").upper()
        if kind in {"IMAGE", "COMPOSITE", "WAVEFORM"}:
            references += image_references(item, "ReferencedSOPSequence")
        elif kind == "TEXT":
            texts.append(item.text("TextValue"))
    title = concept.text("CodeMeaning") or concept.text("CodeValue")
    return KeyImages(top.text("SOPInstanceUID"), title, "\n".join(texts), tuple(dict.fromkeys(references)))


def _content(item: Elements, depth: int) -> Iterator[Elements]:
    if depth > _DEEPEST:
        return
    for child in item.items("ContentSequence"):
        yield child
        yield from _content(child, depth + 1)
