"""Queries, streaming and faults through the real nginx and Orthanc. Pixels are compared with what was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from loaders.cache.memory_budget import MemoryBudget
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack
from loaders.model.study import Catalogue
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.retrieval import series_retrieval
from loaders.retrieval.retrieval_status import RetrievalState, RetrievalStatus
from loaders.stores.dicomweb.dicom_json import text_of
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.stores.dicomweb.patient_search import allergies_of
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.stores.dicomweb.store_source import StoreSource
from loaders.transport import retry_policy
from loaders.transport.store_errors import (
    AccessRefused,
    ForeignAddress,
    NotFound,
    NotSignedIn,
    StoreAnswerUnusable,
    StoreBusy,
    StoreError,
    StoreUnreachable,
    StoreUntrusted,
    WrongAnswer,
)
from loaders.workers.worker_pool import WorkerPool
from tests.store.conftest import BIRTH_DATE, HKID, Store, study_uid
from tests.store.fault_proxy import FaultProxy
from tests.support.dicom_files import SeriesRecipe, stored_values, uid

CURRENT = SeriesRecipe(name="current", study="current", slices=40, base=7)
SERIES = uid("current/current")
WAIT_S = 60


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as workers:
        workers.wait_ready()
        yield workers


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same policy with short pauses."""
    monkeypatch.setattr(retry_policy, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(retry_policy, "_LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr(retry_policy, "_LONGEST_ASKED_S", 0.2)


def catalogue_of(source: StoreSource) -> Catalogue:
    return source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())


def only_stack(source: StoreSource) -> Stack:
    (study,) = catalogue_of(source).studies
    (series,) = study.series
    (stack,) = series.stacks
    return stack


def assert_right_pixels(loader: VolumeLoader) -> None:
    stored = loader.volume.stored
    assert stored is not None
    for index in range(CURRENT.slices):
        assert loader.validity[index] is FrameState.LOADED
        np.testing.assert_array_equal(stored[index], stored_values(CURRENT, index))


def load(source: StoreSource, pool: WorkerPool, **given: object) -> VolumeLoader:
    return VolumeLoader(only_stack(source), pool, MemoryBudget(), source=source, **given)  # type: ignore[arg-type]


# ---- finding -------------------------------------------------------------------------------------------------------


def test_one_patients_studies_newest_first_with_reports(shared_session: StoreSession) -> None:
    found = shared_session.find(HKID, BIRTH_DATE)
    assert [study.study_uid for study in found.studies] == [study_uid("current"), study_uid("prior")]
    assert found.name == "CHAN^TAI MAN=陳^大文"
    assert [study.report_state for study in found.studies] == ["no_report", "amended"]
    assert {study.category for study in found.studies} == {"advanced"}
    assert allergies_of(shared_session.client, found.key) == ("recorded", ("Iodinated contrast medium (TEST)",))


@pytest.mark.parametrize(("identifier", "birth"), [(HKID, "1961-02-04"), ("A000000(0)", BIRTH_DATE), ("*", BIRTH_DATE)])
def test_another_identity_finds_nobody(shared_session: StoreSession, identifier: str, birth: str) -> None:
    with pytest.raises(NotFound):
        shared_session.find(identifier, birth)


def test_no_identifier_stands_in_any_address(store: Store, shared_session: StoreSession) -> None:
    store.control("forget")
    shared_session.find(HKID, BIRTH_DATE)
    requests = store.state()["requests"]
    assert len(requests) >= 3
    assert not any("A123456" in request for request in requests)


def test_a_store_with_qido_alone_is_searched_and_checked(sessions: Callable[..., StoreSession]) -> None:
    found = sessions(patient_search="qido").find(HKID, BIRTH_DATE)
    assert [study.study_uid for study in found.studies] == [study_uid("current"), study_uid("prior")]
    assert found.studies[0].instances == 40


def test_lists_are_read_to_their_last_page(shared_session: StoreSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.stores.dicomweb.dicomweb_client._PAGE", 7)
    rows = shared_session.client.instances(study_uid("current"), SERIES)
    assert len({text_of(row, "00080018") for row in rows}) == 40


# ---- geometry, then pixels -----------------------------------------------------------------------------------------


def test_geometry_is_the_same_as_from_the_files(shared_session: StoreSession) -> None:
    source = StoreSource(shared_session.client, [study_uid("current")], patient_id=HKID)
    stack = only_stack(source)
    assert len(stack.frames) == CURRENT.slices
    for index, frame in enumerate(stack.frames):
        assert frame.plane is not None
        np.testing.assert_allclose(frame.plane.origin_lps_mm, CURRENT.position_lps_mm(index), atol=1e-6)
        assert (frame.spacing.row_mm, frame.spacing.column_mm) == CURRENT.spacing_mm_zyx[1:]


def test_a_stack_streams_into_memory_viewed_slice_first(shared_session: StoreSession, pool: WorkerPool) -> None:
    arrived: list[int] = []
    source = StoreSource(shared_session.client, [study_uid("current")])
    loader = load(source, pool, on_arrivals=lambda arrivals: arrived.extend(arrivals.loaded), first_frame=33)
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
        assert abs(arrived[0] - 33) <= 3
    finally:
        loader.close()
        source.close()


def test_pixels_that_need_a_worker_come_right_too(
    shared_session: StoreSession, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.pixels.instance_delivery._direct_offset", lambda *_: None)
    source = StoreSource(shared_session.client, [study_uid("current")])
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
    finally:
        loader.close()
        source.close()


def test_frames_renderings_and_thumbnails(shared_session: StoreSession) -> None:
    client, study = shared_session.client, study_uid("current")
    sop = text_of(client.instances(study, SERIES)[0], "00080018")
    (part,) = client.frames(study, SERIES, sop, [1])
    assert len(part.payload) == 6 * 8 * 2
    assert bytes(client.rendered(study, SERIES, sop)[:8]).startswith((b"\x89PNG", b"\xff\xd8"))
    assert len(client.thumbnail(study, SERIES)) > 100
    with pytest.raises(StoreError):
        client.frames(study, SERIES, sop, [2])


def test_pause_resume_and_cancel(shared_session: StoreSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_retrieval, "_BULK_INSTANCES", 10**6)  # one by one
    source = StoreSource(shared_session.client, [study_uid("current")])
    catalogue_of(source)
    wanted, got = list(source.expected.values()), []

    def take(received: series_retrieval.Received) -> None:
        got.append(received.expected.sop_uid)
        if len(got) == 5:
            retrieval.pause()

    retrieval = series_retrieval.SeriesRetrieval(
        shared_session.client,
        wanted,
        on_received=take,
        on_failed=lambda *_: None,
    )
    try:
        retrieval.start()
        deadline = time.monotonic() + WAIT_S
        while retrieval.status.state is not RetrievalState.PAUSED and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        paused_at = len(got)
        assert 5 <= paused_at <= 5 + shared_session.profile.connections
        retrieval.resume()
        assert retrieval.wait(WAIT_S)
        assert sorted(got) == sorted(each.sop_uid for each in wanted)
    finally:
        retrieval.close()


def test_a_bandwidth_cap_is_kept(shared_session: StoreSession) -> None:
    source = StoreSource(shared_session.client, [study_uid("prior")])
    catalogue_of(source)
    rate = 30_000
    shared_session.limit.set(rate)
    size, started = 0, time.monotonic()
    try:
        for each in list(source.expected.values())[:20]:
            size += len(shared_session.client.instance(each.study_uid, each.series_uid, each.sop_uid))
    finally:
        shared_session.limit.set(0)
    assert time.monotonic() - started >= 0.8 * size / rate


def test_the_token_expires_mid_way_and_is_refreshed_once(
    sessions: Callable[..., StoreSession], pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_retrieval, "_BULK_INSTANCES", 10**6)
    session = sessions()
    refreshed: list[int] = []
    source = StoreSource(session.client, [study_uid("current")])

    def spoil(arrivals: Arrivals) -> None:
        if arrivals.loaded and not refreshed:
            refreshed.append(1)
            held = session.tokens._tokens
            assert held is not None
            session.tokens._tokens = replace(held, access=held.access[:-4] + "AAAA")

    loader = load(source, pool, on_arrivals=spoil)
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert refreshed
        assert_right_pixels(loader)
    finally:
        loader.close()
        source.close()


def test_a_sign_in_that_has_ended_pauses_and_goes_on_after_another(sessions: Callable[..., StoreSession]) -> None:
    session = sessions()
    source = StoreSource(session.client, [study_uid("current")])
    catalogue_of(source)
    wanted, got, seen = list(source.expected.values()), [], []
    session.tokens.sign_out()
    retrieval = series_retrieval.SeriesRetrieval(
        session.client,
        wanted,
        on_received=lambda received: got.append(received.expected.sop_uid),
        on_failed=lambda *_: None,
        on_status=lambda status: seen.append(status.state),
    )
    try:
        assert retrieval.start().wait(WAIT_S)
        assert seen[-1] == "sign_in_needed"
        assert got == []
        session.sign_in(Store(_facts_of(session)).browser("doctor"), cancel=CancelToken())
        retrieval.resume()
        assert retrieval.wait(WAIT_S)
        assert seen[-1] == "done"
        assert len(got) == 40
    finally:
        retrieval.close()


def _facts_of(session: StoreSession) -> dict[str, str]:
    return {"authority": session.profile.authority}


# ---- who may see what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ("clerk", "role"),
        ("private", "no_sharing_consent"),
        ("revoked", "consent_revoked"),
        ("restricted", "restricted"),
        ("emergency", "no_sharing_consent"),
        ("elsewhere", "location_mismatch"),
    ],
)
def test_each_refusal_has_its_own_reason_and_is_on_record(
    sessions: Callable[..., StoreSession], user: str, code: str
) -> None:
    session = sessions(user)
    with pytest.raises(AccessRefused) as refusal:
        session.find(HKID, BIRTH_DATE)
    assert refusal.value.code == code
    with pytest.raises(AccessRefused):
        session.client.series(study_uid("current"))
    assert session.audit.events()[-1]["outcomeDesc"] == code


def test_a_reason_and_the_patients_code_open_a_restricted_record(
    store: Store, sessions: Callable[..., StoreSession]
) -> None:
    session = sessions("restricted")
    with pytest.raises(AccessRefused):
        session.ask_for_access("follow-up", code="000000")
    session.ask_for_access("follow-up", code="123456")
    assert session.find(HKID, BIRTH_DATE).studies
    store.control("person", user="restricted", case="restricted")


def test_emergency_access_is_on_record_before_it_is_granted(
    store: Store, sessions: Callable[..., StoreSession]
) -> None:
    session = sessions("emergency")
    session.ask_for_access("unconscious in resuscitation", is_emergency=True)
    assert session.find(HKID, BIRTH_DATE).studies
    store.control("forget")
    session.send_audit()
    subtypes = [event.get("subtype", [{}])[0].get("code") for event in store.state()["audit"]]
    assert "110127" in subtypes
    store.control("person", user="emergency", case="emergency")


def test_consent_revoked_in_mid_session_stops_access(store: Store, sessions: Callable[..., StoreSession]) -> None:
    session = sessions("radiologist")
    assert session.client.series(study_uid("current"))
    store.control("person", user="radiologist", case="consent-revoked")
    try:
        with pytest.raises(AccessRefused) as refusal:
            session.client.series(study_uid("current"))
        assert refusal.value.code == "consent_revoked"
    finally:
        store.control("person", user="radiologist", case="allowed")


def test_another_locations_certificate_and_none(store: Store, sessions: Callable[..., StoreSession]) -> None:
    other = sessions(certificate=store.facts["other_certificate"], key=store.facts["other_key"])
    with pytest.raises(AccessRefused) as refusal:
        other.client.series(study_uid("current"))
    assert refusal.value.code == "location_mismatch"
    with pytest.raises(StoreUntrusted, match="not registered"):
        sessions(certificate="", key="").client.series(study_uid("current"))


# ---- faults --------------------------------------------------------------------------------------------------------


@pytest.fixture
def faulty(sessions: Callable[..., StoreSession], quick_retries: None) -> DicomwebClient:
    return sessions(dicomweb_root="/faulty/dicom-web").client


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", NotSignedIn),
        ("403", AccessRefused),
        ("404", NotFound),
        ("407", StoreUntrusted),
        ("429", StoreBusy),
        ("500", StoreUnreachable),
        ("503", StoreBusy),
        ("html_200", StoreAnswerUnusable),
        ("html_502", StoreUnreachable),
        ("cut_half", StoreUnreachable),
        ("json_cut", StoreAnswerUnusable),
        ("json_deep", StoreAnswerUnusable),
        ("json_nan", StoreAnswerUnusable),
        ("redirect_http", ForeignAddress),
        ("redirect_elsewhere", ForeignAddress),
    ],
)
@pytest.mark.parametrize("phase", ["query", "metadata"])
def test_every_fault_of_a_question_is_an_error_of_its_kind(
    store: Store, faulty: DicomwebClient, phase: str, fault: str, error: type[StoreError]
) -> None:
    store.control("faults", faults=[{"phase": phase, "name": fault, "count": 2}])
    ask = faulty.series if phase == "query" else partial(faulty.series_metadata, series_uid=SERIES)
    with pytest.raises(error):
        ask(study_uid("current"))


@pytest.mark.parametrize(
    "fault",
    [
        "late", "sliced", "cut_first", "cut_half", "cut_last", "cut_mid_boundary", "no_closing_boundary",
        "wrong_boundary", "unquoted_boundary", "length_too_large", "html_200", "html_502", "429", "429_without_time",
        "500", "503", "504", "204", "partial", "duplicate", "reversed", "401",
    ],
)  # fmt: skip
def test_a_fault_of_pixels_ends_in_the_right_picture(
    store: Store, faulty: DicomwebClient, pool: WorkerPool, fault: str
) -> None:
    """Two answers go wrong, the others do not: every slice is right, or said to be missing; none is ever wrong."""
    source = StoreSource(faulty, [study_uid("current")])
    store.control("faults", faults=[{"phase": "pixels", "name": fault, "count": 2, "skip": 1}])
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        stored = loader.volume.stored
        assert stored is not None
        for index in range(CURRENT.slices):
            if loader.validity[index] is FrameState.LOADED:
                np.testing.assert_array_equal(stored[index], stored_values(CURRENT, index))
        # What no retry can help is lost for the one instance it hit; everything else is loaded.
        lost = loader.validity.count(FrameState.FAILED)
        assert lost <= (2 if fault in {"html_200", "204", "partial", "duplicate", "wrong_boundary"} else 0)
    finally:
        loader.close()
        source.close()


def test_another_patients_instance_is_never_shown(store: Store, faulty: DicomwebClient, pool: WorkerPool) -> None:
    source = StoreSource(faulty, [study_uid("current")])
    store.control("faults", faults=[{"phase": "pixels", "name": "other_patient", "count": 1000}])
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert loader.validity.count(FrameState.FAILED) == CURRENT.slices
        assert loader.validity.reason(0).startswith("wrong_object")
        assert not np.any(loader.volume.stored)
    finally:
        loader.close()
        source.close()


def test_metadata_of_another_patient_open_nothing(store: Store, faulty: DicomwebClient) -> None:
    store.control("faults", faults=[{"phase": "metadata", "name": "other_patient"}])
    with pytest.raises(WrongAnswer):
        catalogue_of(StoreSource(faulty, [study_uid("current")], patient_id=HKID))


def test_a_repeated_or_short_page_changes_no_list(store: Store, faulty: DicomwebClient) -> None:
    store.control("faults", faults=[{"phase": "query", "name": "page_repeated"}])
    assert len(faulty.instances(study_uid("current"), SERIES)) == 40


def test_an_outage_is_waited_out(store: Store, faulty: DicomwebClient, pool: WorkerPool) -> None:
    states: list[RetrievalStatus] = []
    source = StoreSource(faulty, [study_uid("current")], on_status=states.append)
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    store.control("faults", faults=[{"phase": "pixels", "name": "503", "count": 60}])
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
    finally:
        loader.close()
        source.close()
    assert any(status.state is RetrievalState.WAITING for status in states)


# ---- faults below TLS ----------------------------------------------------------------------------------------------


@pytest.fixture
def behind_proxy(
    store: Store, sessions: Callable[..., StoreSession], quick_retries: None
) -> Iterator[tuple[StoreSession, FaultProxy]]:
    """A session whose store is reached through a proxy that can be told to misbehave."""
    proxy = FaultProxy(int(store.facts["url"].rpartition(":")[2]))
    session = sessions(url=f"https://127.0.0.1:{proxy.port}")
    yield session, proxy
    session.channel.close()
    proxy.close()


@pytest.mark.parametrize("resets", [False, True], ids=["cut", "reset"])
@pytest.mark.parametrize("cut_after", [1, 2500, 9000, 30_000])
def test_connections_that_break_anywhere_cost_no_slice(
    behind_proxy: tuple[StoreSession, FaultProxy], pool: WorkerPool, cut_after: int, resets: bool
) -> None:
    session, proxy = behind_proxy
    source = StoreSource(session.client, [study_uid("current")])
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    session.channel.close()  # what is open now would not be cut
    proxy.cut_after, proxy.cuts, proxy.resets = cut_after, 6, resets
    try:
        loader.start()
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
    finally:
        loader.close()
        source.close()


def test_a_store_that_goes_away_and_comes_back_is_waited_for(
    behind_proxy: tuple[StoreSession, FaultProxy], pool: WorkerPool
) -> None:
    session, proxy = behind_proxy
    seen: list[RetrievalState] = []
    source = StoreSource(session.client, [study_uid("current")], on_status=lambda status: seen.append(status.state))
    loader = load(source, pool, on_arrivals=lambda _arrivals: None)
    proxy.refuses = True
    session.channel.close()
    try:
        loader.start()
        assert not loader.wait(1.5)
        proxy.refuses = False
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
        assert RetrievalState.WAITING in seen
    finally:
        loader.close()
        source.close()


def test_a_slow_link_keeps_the_reading_order(
    behind_proxy: tuple[StoreSession, FaultProxy], pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_retrieval, "_BULK_LONGEST_S", 0.1)  # these slices are tiny
    session, proxy = behind_proxy
    source = StoreSource(session.client, [study_uid("current")])
    arrived: list[int] = []
    loader = load(source, pool, on_arrivals=lambda arrivals: arrived.extend(arrivals.loaded), first_frame=20)
    proxy.bytes_per_second = 60_000
    try:
        loader.start()
        while len(arrived) < 8:
            time.sleep(0.01)
        loader.look_at(2)
        assert loader.wait(WAIT_S)
        assert_right_pixels(loader)
    finally:
        loader.close()
        source.close()
    assert max(abs(index - 20) for index in arrived[:6]) <= 6
    after = arrived[arrived.index(2) :] if 2 in arrived else []
    assert len(after) > 10  # the slice that was jumped to came long before the end
