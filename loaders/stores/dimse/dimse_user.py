"""Asks a PACS through a child process, and checks what comes: only the asked patient's, only the asked study's."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from loaders.model.identifiers import normal_identifier
from loaders.progress import CancelToken
from loaders.retrieval.received_header import header_of
from loaders.stores.dicomweb.dicom_json import text_of
from loaders.stores.dimse.dimse_peer import AssociationRefused, DimseFailed, DimsePeer
from loaders.transport.store_errors import StoreAnswerUnusable, WrongAnswer

_POLL_S = 0.1
_FIELDS = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ModalitiesInStudy",
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "NumberOfStudyRelatedInstances",
)  # fmt: skip
#: Storage classes that are asked for: CT, MR, PET, CR, DX, MG, US, XA, RF, NM, secondary capture, PDF, reports.
STORAGE_CLASSES = tuple(
    f"1.2.840.10008.5.1.4.1.1.{tail}"
    for tail in (
        "2", "2.1", "4", "4.1", "128", "130", "1", "1.1", "1.2", "3.1", "6.1", "12.1", "12.2", "12.1.1", "20", "7",
        "7.1", "7.2", "7.3", "7.4", "104.1", "88.11", "88.22", "88.33", "88.59", "11.1", "66.1", "66.4",
    )
)  # fmt: skip


class DimseUser:
    """One PACS. Every call is a process and an association of its own, which end with it."""

    def __init__(self, peer: DimsePeer) -> None:
        self.peer = peer

    def echo(self, cancel: CancelToken) -> None:
        """Say hello. Raises ``AssociationRefused``, ``DimseFailed``, ``Cancelled``."""
        list(self._answers({"verb": "echo"}, cancel))

    def studies(self, patient_id: str, birth_date: str, cancel: CancelToken) -> list[dict[str, Any]]:
        """Return the studies of exactly one patient, as DICOM JSON; ``birth_date`` is ``YYYY-MM-DD``.

        A PACS may ignore keys or match by wild card: rows of anybody else are dropped. Raises as :meth:`echo`.
        """
        if not patient_id.strip() or set(patient_id) & set("*?\\"):
            raise StoreAnswerUnusable("one patient is asked for, not many")
        compact = birth_date.replace("-", "")
        query = {**dict.fromkeys(_FIELDS, ""), "QueryRetrieveLevel": "STUDY", "PatientID": patient_id}
        rows = []
        for kind, data in self._answers({"verb": "find", "query": query}, cancel):
            row = json.loads(data) if kind == b"J" else {}
            is_asked = normal_identifier(text_of(row, "00100020")) == normal_identifier(patient_id)
            if is_asked and text_of(row, "00100030") == compact:
                rows.append(row)
        return rows

    def instances(self, study_uid: str, patient_id: str, cancel: CancelToken) -> Iterator[bytes]:
        """Yield a study's instances as PS3.10 files. Raises ``WrongAnswer`` for one of another patient or study."""
        asked = {"verb": "get", "study_uid": study_uid, "sop_classes": list(STORAGE_CLASSES)}
        for kind, data in self._answers(asked, cancel):
            if kind != b"I":
                continue
            elements = header_of(memoryview(data)).get("elements", {})
            found = [str((elements.get(name) or [""])[0]) for name in ("StudyInstanceUID", "PatientID")]
            if found != [study_uid, patient_id]:
                raise WrongAnswer("the PACS sent an object of another study or patient than was asked for")
            yield data

    def _answers(self, asked: dict[str, Any], cancel: CancelToken) -> Iterator[tuple[bytes, bytes]]:
        from loaders.stores.dimse.dimse_process import serve  # noqa: PLC0415 - pynetdicom loads only when a PACS is used

        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        request = json.dumps({**asked, "peer": asdict(self.peer)}).encode()
        # Its Connection has another type than the one Pipe is declared to give, and the same methods.
        process = context.Process(target=serve, args=(theirs, request), daemon=True)
        process.start()
        theirs.close()
        try:
            while True:
                cancel.raise_if_cancelled()
                if not ours.poll(_POLL_S):
                    continue
                try:
                    message = ours.recv_bytes()
                except EOFError as error:
                    raise DimseFailed("the PACS connection ended without a word") from error
                kind, data = message[:1], message[1:]
                if kind == b"D":
                    return
                if kind == b"E":
                    code, _, words = data.decode(errors="replace").partition("\n")
                    raise (AssociationRefused if code == AssociationRefused.code else DimseFailed)(words)
                yield kind, data
        finally:
            ours.close()
            process.terminate()
            process.join()
            process.close()
