"""C-ECHO, C-FIND and C-GET at the real Orthanc, plain and in TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loaders.progress import CancelToken
from loaders.stores.dicomweb.dicom_json import text_of
from loaders.stores.dimse.dimse_peer import DimseFailed, DimsePeer
from loaders.stores.dimse.dimse_user import DimseUser
from loaders.transport.store_errors import StoreAnswerUnusable, WrongAnswer
from tests.store.conftest import BIRTH_DATE, HKID, Store, study_uid
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset


@pytest.fixture
def pacs(store: Store) -> DimseUser:
    return DimseUser(DimsePeer("127.0.0.1", int(store.facts["dimse_port"]), "STANDIN", timeout_s=10))


@contextmanager
def tls_in_front(store: Store) -> Iterator[int]:
    """A TLS port before Orthanc's plain one, with the stand-in's server certificate: one connection after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = store.facts["authority"].rpartition("/")[0]
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server-key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):
                plain, _ = listener.accept()
                with plain, socket.create_connection(("127.0.0.1", int(store.facts["dimse_port"]))) as behind:
                    plain.settimeout(10)
                    with context.wrap_socket(plain, server_side=True) as secure:
                        back = threading.Thread(target=_pump, args=(behind, secure))
                        back.start()
                        _pump(secure, behind)
                        back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def test_echo_find_and_get(pacs: DimseUser) -> None:
    pacs.echo(CancelToken())
    rows = pacs.studies(HKID, BIRTH_DATE, CancelToken())
    assert {text_of(row, "0020000D") for row in rows} == {study_uid("current"), study_uid("prior")}
    assert {text_of(row, "00100010") for row in rows} == {"CHAN^TAI MAN=陳^大文"}
    assert pacs.studies(HKID, "1961-02-04", CancelToken()) == []
    instances = list(pacs.instances(study_uid("prior"), HKID, CancelToken()))
    assert len(instances) == 30
    sent = dataset_bytes(slice_dataset(SeriesRecipe(name="prior", study="prior", slices=30), 0))
    assert sent[-96:] in {each[-96:] for each in instances}  # the pixels, 6 x 8 of 16 bits


def test_everybody_is_nobody(pacs: DimseUser) -> None:
    for pattern in ("*", "", "A?", "a\\b"):
        with pytest.raises(StoreAnswerUnusable):
            pacs.studies(pattern, BIRTH_DATE, CancelToken())


def test_an_instance_of_another_patient_is_refused(pacs: DimseUser) -> None:
    with pytest.raises(WrongAnswer):
        list(pacs.instances(study_uid("prior"), "SOMEBODY ELSE", CancelToken()))


def test_tls_is_verified(store: Store) -> None:
    with tls_in_front(store) as port:
        good = DimsePeer("127.0.0.1", port, "STANDIN", authority=store.facts["authority"], timeout_s=10)
        DimseUser(good).echo(CancelToken())
        stranger = DimsePeer("127.0.0.1", port, "STANDIN", authority=store.facts["certificate"], timeout_s=5)
        with pytest.raises(DimseFailed):
            DimseUser(stranger).echo(CancelToken())


def test_nobody_there() -> None:
    with pytest.raises(DimseFailed):
        DimseUser(DimsePeer("127.0.0.1", 1, "NOBODY", timeout_s=2)).echo(CancelToken())
