"""Which side of the patient an image is of, by all that says so (PS3.3 C.7.3.1, C.7.6.2.1, C.7.6.16.2.8).

A side is never guessed: where two statements contradict each other the answer is ``?``, and where there is none it is
empty. A description is no statement, but one that contradicts makes the side doubtful.
"""

from __future__ import annotations

import re

from loaders.discovery.element_values import Elements

DOUBTFUL = "?"
_SIDES = frozenset({"L", "R", "B", "U"})
_DESCRIPTIONS = ("SeriesDescription", "ProtocolName")
_WORDS = (
    (re.compile(r"\b(LEFT|LCC|LMLO|LML|LXCCL)\b|\u5de6"), "L"),
    (re.compile(r"\b(RIGHT|RCC|RMLO|RML|RXCCL)\b|\u53f3"), "R"),
)
#: Objects whose side is shown as a fact about the picture: projections. In a cross-section geometry says it.
_PROJECTIONS = frozenset({"CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG", "OP"})


def laterality_of(top: Elements, groups: tuple[Elements, ...] = ()) -> str:
    """Return ``L``, ``R``, ``B``, ``U``, empty or :data:`DOUBTFUL`."""
    stated = [group.item("FrameAnatomySequence").text("FrameLaterality") for group in groups]
    stated += [top.text("ImageLaterality"), top.text("Laterality")]
    sides = {side for text in stated if (side := text.upper()) in _SIDES}
    if len(sides) > 1:
        return DOUBTFUL
    side = sides.pop() if sides else ""
    if side in {"L", "R"} and top.text("Modality") in _PROJECTIONS:
        described = {word for name in _DESCRIPTIONS for word in sides_named(top.text(name))}
        if described and side not in described:
            return DOUBTFUL
    return side


def sides_named(text: str) -> set[str]:
    """Return the sides that a description names in words."""
    words = text.upper().replace("_", " ")
    return {side for pattern, side in _WORDS if pattern.search(words)}
