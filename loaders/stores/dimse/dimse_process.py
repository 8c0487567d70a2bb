"""Runs in the child process: one association for one request, answers as length-bounded messages, never a pickle.

Messages to the parent begin with one letter: ``J`` a JSON row, ``I`` an instance as a PS3.10 file, ``E`` an error
(code, newline, words), ``D`` done. The child has no library key and no token; on Linux its memory is limited, because a
hostile PACS chooses lengths (pynetdicom issue 1086).
"""

from __future__ import annotations

import io
import json
import ssl
import sys
from multiprocessing.connection import Connection
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

_MOST_MEMORY = 3 << 30
_LARGEST_PDU = 1 << 17
_MOST_CLASSES = 120
_PENDING = {0xFF00, 0xFF01}


def serve(connection: Connection, request: bytes) -> None:
    """Do one request and say how it ended."""
    _limit_memory()
    try:
        asked = json.loads(request)
        {"echo": _echo, "find": _find, "get": _get}[asked["verb"]](connection, asked)
        connection.send_bytes(b"D")
    except _Refused as error:
        connection.send_bytes(f"E{error.args[0]}\n{error.args[1]}".encode())
    except (OSError, MemoryError, ValueError, RuntimeError) as error:
        connection.send_bytes(f"Edimse_failed\nthe PACS cannot be used: {type(error).__name__}".encode())
    finally:
        connection.close()


class _Refused(Exception):
    """Code and words for the parent."""


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _associated(entity: AE, asked: dict[str, Any], **given: Any) -> Association:  # noqa: ANN401
    peer = asked["peer"]
    entity.ae_title = peer["calling_ae"]
    entity.maximum_pdu_size = _LARGEST_PDU
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = peer["timeout_s"]
    entity.connection_timeout = min(10.0, peer["timeout_s"])
    tls = None
    if peer["authority"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cafile=peer["authority"])
        if peer["certificate"]:
            context.load_cert_chain(peer["certificate"], peer["key"] or None)
        tls = (context, peer["host"])
    association = entity.associate(peer["host"], peer["port"], ae_title=peer["called_ae"], tls_args=tls, **given)
    if association.is_rejected:
        raise _Refused("association_refused", "the PACS does not take this workstation: is its AE title known there?")
    if not association.is_established:
        raise _Refused("dimse_failed", "the PACS does not answer, or did not prove who it is")
    return association


def _echo(_connection: Connection, asked: dict[str, Any]) -> None:
    entity = AE()
    entity.add_requested_context(Verification)
    association = _associated(entity, asked)
    try:
        if association.send_c_echo().get("Status") != 0:
            raise _Refused("dimse_failed", "the PACS answers, but not to an echo")
    finally:
        association.release()


def _find(connection: Connection, asked: dict[str, Any]) -> None:
    entity = AE()
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    association = _associated(entity, asked)
    query = Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in asked["query"].items():
        setattr(query, keyword, value)
    try:
        for status, row in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
            if status.get("Status") in _PENDING and row is not None:
                connection.send_bytes(b"J" + json.dumps(row.to_json_dict()).encode())
            elif status.get("Status") != 0:
                raise _Refused("dimse_failed", "the PACS could not finish the query")
    finally:
        association.release()


def _get(connection: Connection, asked: dict[str, Any]) -> None:
    entity = AE()
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    classes = asked["sop_classes"][:_MOST_CLASSES]
    for uid in classes:
        entity.add_requested_context(uid)
    roles = [build_role(uid, scp_role=True) for uid in classes]

    def take(event: evt.Event) -> int:
        stream = io.BytesIO()
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        dataset.save_as(stream, enforce_file_format=True)
        connection.send_bytes(b"I" + stream.getvalue())
        return 0x0000

    association = _associated(entity, asked, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, take)])
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = asked["study_uid"]
    try:
        for status, _ in association.send_c_get(query, StudyRootQueryRetrieveInformationModelGet):
            if status.get("Status") not in {0x0000, 0xB000, *_PENDING}:
                raise _Refused("dimse_failed", "the PACS could not finish the transfer")
    finally:
        association.release()
