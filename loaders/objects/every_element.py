"""The elements kept of an object that is no picture: all public ones but its bulk."""

from __future__ import annotations

from functools import lru_cache

from loaders.discovery.element_values import ValueLimits
from loaders.discovery.element_walk import WantedElement
from loaders.discovery.header_scan import Wish

#: Read where they are needed, by what knows their size.
_BULK = frozenset(
    {
        "EncapsulatedDocument", "WaveformData", "ChannelMinimumValue", "SpectroscopyData", "AudioSampleData",
        "PixelData", "FloatPixelData", "DoubleFloatPixelData", "IconImageSequence", "SurfacePointsSequence",
        "DataSetTrailingPadding", "TextValueBulk", "PointCoordinatesData", "VertexPointIndexList",
    },
)  # fmt: skip
_REPEATING = range(0x00, 0x100, 2)


class _EveryElement(dict[int, WantedElement]):
    """A table of wanted elements that is made as it is asked."""

    def get(self, tag: int, _default: object = None) -> WantedElement | None:  # type: ignore[override]
        return _wanted(tag)

    def __bool__(self) -> bool:
        return True


_EVERYTHING = _EveryElement()


@lru_cache(maxsize=8192)
def _wanted(tag: int) -> WantedElement | None:
    from pydicom.datadict import dictionary_VR, keyword_for_tag  # noqa: PLC0415 - only where objects are read

    group = tag >> 16
    if group & 1 or group <= 2 or tag & 0xFFFF == 0:
        return None
    try:
        vr, keyword = dictionary_VR(tag), keyword_for_tag(tag)
    except KeyError:
        return None
    if not keyword or keyword in _BULK:
        return None
    if group >> 8 in {0x50, 0x60} and group & 0xFF in _REPEATING:
        keyword = repeated(keyword, group)
        vr = "OB" if vr == "OB or OW" and keyword.startswith("CurveData") else "OW" if vr == "OB or OW" else vr
    if vr in {"OB or OW", "US or OW", "US or SS or OW"}:
        vr = "OW"
    return WantedElement(keyword, vr, _EVERYTHING if vr == "SQ" else None)


def repeated(keyword: str, group: int) -> str:
    """Return the name under which an element of a repeating group is kept: ``OverlayRows:6002``."""
    return f"{keyword}:{group:04X}"


#: One megabyte of text, sixteen of numbers a value; lines as they were written.
WHOLE_OBJECT = Wish(_EVERYTHING, ValueLimits(1 << 20, 1 << 24, keeps_lines=True))
