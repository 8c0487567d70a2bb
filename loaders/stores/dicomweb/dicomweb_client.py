"""DICOMweb requests (PS3.18): QIDO-RS page by page, WADO-RS metadata, instances, frames, bulk data, renderings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from loaders.stores.dicomweb.dicom_json import text_of
from loaders.transport.multipart_reader import Allocate, Part
from loaders.transport.store_channel import StoreChannel
from loaders.transport.store_errors import StoreAnswerUnusable

_JSON = "application/dicom+json"
#: As stored: a store that transcodes may fail (JPEG 2000), and what it makes is not what was acquired.
_INSTANCES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
_BULK = 'multipart/related; type="application/octet-stream"'
_RENDERED = "image/png"
_PAGE = 1000
_MOST_PAGES = 1000
_UID = re.compile(r"^[0-9.]{1,64}$")
_SOP_INSTANCE_UID, _SERIES_INSTANCE_UID, _STUDY_INSTANCE_UID = "00080018", "0020000E", "0020000D"
_STUDY_FIELDS = "00081030,00080061,00201206,00201208,00080080,00100040,00100030,00080050"
_SERIES_FIELDS = "0008103E,00180015,00201209,00080060,00200011"


class DicomwebClient:
    """One store's DICOMweb services. Thread-safe. Every method raises ``StoreError`` and its kinds."""

    def __init__(self, channel: StoreChannel) -> None:
        self.channel = channel
        self._root = channel.profile.dicomweb_root.rstrip("/")

    def studies(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return all pages of a study query. The store may have ignored keys: whoever asks checks what came."""
        return self._pages("/studies", {**query, "includefield": _STUDY_FIELDS}, _STUDY_INSTANCE_UID)

    def series(self, study_uid: str) -> list[dict[str, Any]]:
        """Return all series of a study; only of that study, whatever the store sends."""
        rows = self._pages(
            f"/studies/{checked_uid(study_uid)}/series", {"includefield": _SERIES_FIELDS}, _SERIES_INSTANCE_UID
        )
        return [row for row in rows if text_of(row, _STUDY_INSTANCE_UID) in {"", study_uid}]

    def instances(self, study_uid: str, series_uid: str) -> list[dict[str, Any]]:
        """Return all instances of a series: the manifest."""
        path = f"/studies/{checked_uid(study_uid)}/series/{checked_uid(series_uid)}/instances"
        return self._pages(path, {}, _SOP_INSTANCE_UID)

    def _pages(self, path: str, query: Mapping[str, str], key: str) -> list[dict[str, Any]]:
        """Ask page by page until one brings nothing new; rows are told apart by a UID, so repeated ones count once.

        A short page is no end: a store may page by less than was asked for.
        """
        found: dict[str, dict[str, Any]] = {}
        offset = 0
        for _ in range(_MOST_PAGES):
            rows = self._rows(path, {**query, "limit": str(_PAGE), "offset": str(offset)})
            before = len(found)
            for row in rows:
                found.setdefault(text_of(row, key), row)
            if len(found) == before:
                return [row for uid, row in found.items() if _UID.match(uid)]
            offset += len(rows)
        raise StoreAnswerUnusable("the store's list does not end")

    def _rows(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = self.channel.get_json(self._root + path, query, accept=_JSON)
        if answer is None:
            return []
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise StoreAnswerUnusable("the store's list is none")
        return answer

    def series_metadata(self, study_uid: str, series_uid: str) -> list[dict[str, Any]]:
        """Return the metadata of every instance of a series, in one request."""
        return self._rows(self._series_path(study_uid, series_uid).removeprefix(self._root) + "/metadata", {})

    def series_instances(self, study_uid: str, series_uid: str, allocate: Allocate | None = None) -> Iterator[Part]:
        """Yield every instance of a series as stored, as it arrives, in the store's order."""
        return self.channel.parts(self._series_path(study_uid, series_uid), accept=_INSTANCES, allocate=allocate)

    def instance(self, study_uid: str, series_uid: str, sop_uid: str, allocate: Allocate | None = None) -> memoryview:
        """Return one instance as stored."""
        path = f"{self._series_path(study_uid, series_uid)}/instances/{checked_uid(sop_uid)}"
        return self._only(self.channel.parts(path, accept=_INSTANCES, allocate=allocate))

    def frames(self, study_uid: str, series_uid: str, sop_uid: str, numbers: list[int]) -> list[Part]:
        """Return frames (numbers count from 1) as stored; each part's content type names its transfer syntax."""
        instance = f"{self._series_path(study_uid, series_uid)}/instances/{checked_uid(sop_uid)}"
        path = f"{instance}/frames/{','.join(str(int(number)) for number in numbers)}"
        parts = list(self.channel.parts(path, accept=_FRAMES))
        if len(parts) != len(numbers):
            raise StoreAnswerUnusable(f"the store gave {len(parts)} frames, {len(numbers)} were asked for")
        return parts

    def bulk_data(self, address: str) -> memoryview:
        """Return what a BulkDataURI names. Raises ``ForeignAddress`` unless it is of the store's own origin."""
        return self._only(self.channel.parts(address, accept=_BULK))

    def rendered(self, study_uid: str, series_uid: str, sop_uid: str) -> memoryview:
        """Return a picture the store rendered: a preview only, its grey values mean nothing."""
        path = f"{self._series_path(study_uid, series_uid)}/instances/{checked_uid(sop_uid)}/rendered"
        return self._only(self.channel.parts(path, accept=_RENDERED))

    def thumbnail(self, study_uid: str, series_uid: str) -> memoryview:
        """Return a series' thumbnail as the store makes it. Raises ``NotFound`` where it makes none."""
        return self._only(self.channel.parts(self._series_path(study_uid, series_uid) + "/thumbnail", accept=_RENDERED))

    def _series_path(self, study_uid: str, series_uid: str) -> str:
        return f"{self._root}/studies/{checked_uid(study_uid)}/series/{checked_uid(series_uid)}"

    @staticmethod
    def _only(parts: Iterator[Part]) -> memoryview:
        found = list(parts)
        if len(found) != 1:
            raise StoreAnswerUnusable(f"the store gave {len(found)} objects, one was asked for")
        return found[0].payload


def checked_uid(uid: str) -> str:
    """Return the UID. Raises ``StoreAnswerUnusable`` for anything that could change an address."""
    if not _UID.match(uid):
        raise StoreAnswerUnusable("not a UID")
    return uid
