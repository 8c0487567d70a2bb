"""The stand-in store, started once for all tests that need it, and people signed in to it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loaders.audit.audit_queue import AuditQueue
from loaders.auth.secret_keeper import MemoryKeeper
from loaders.progress import CancelToken
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.transport.store_profile import StoreProfile
from tests.support.dicom_files import SeriesRecipe, uid, write_series

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "packaging" / "store"
HKID, BIRTH_DATE = "A123456(3)", "1961-02-03"
_START_S = 90.0


class LastingKeeper(MemoryKeeper):
    """A key ring of one test, which counts as a real one."""

    is_lasting = True

    def put(self, name: str, secret: str) -> bool:
        super().put(name, secret)
        return True


@dataclass(frozen=True)
class Store:
    """The running stand-in as the tests see it."""

    facts: dict[str, Any]

    def profile(self, **changes: Any) -> StoreProfile:
        facts = self.facts
        given = {
            "authority": facts["authority"],
            "certificate": facts["certificate"],
            "key": facts["key"],
            "is_shared_workstation": False,
            **changes,
        }
        return StoreProfile(
            given.pop("name", "stand-in"),
            given.pop("url", facts["url"]),
            facts["issuer"],
            facts["client_id"],
            facts["audience"],
            **given,
        )

    def control(self, what: str, **request: Any) -> None:
        """Tell the facade to make faults, or to change a person's case."""
        body = json.dumps(request).encode()
        urllib.request.urlopen(f"{self.facts['control']}/{what}", body, timeout=10).close()  # noqa: S310

    def state(self) -> dict[str, Any]:
        """What the facade has seen: audit events, requests."""
        with urllib.request.urlopen(f"{self.facts['control']}/state", timeout=10) as answer:  # noqa: S310
            state: dict[str, Any] = json.load(answer)
            return state

    def browser(self, user: str) -> Callable[[str], None]:
        """A system browser in which this person signs in; it walks in a process of its own."""

        def walk(url: str) -> None:
            command = [sys.executable, str(STAND_IN / "robot_browser.py"), user, self.facts["authority"], url]
            threading.Thread(target=lambda: subprocess.run(command, check=False), name="browser").start()

        return walk


def series_files(folder: Path) -> None:
    """Two studies of one patient, one of another; each series recipe gives other pixels."""
    person = {"PatientBirthDate": "19610203", "PatientSex": "M", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}
    for name, slices, base, day in (("prior", 30, 0, "20240110"), ("current", 40, 7, "20260110")):
        write_series(
            folder / name,
            SeriesRecipe(
                name=name,
                study=name,
                slices=slices,
                base=base,
                patient_id=HKID,
                patient_name="CHAN^TAI MAN=陳^大文",
                character_set="ISO_IR 192",
                study_date=day,
                overrides=person,
            ),
        )
    stranger = SeriesRecipe(
        name="other", study="other", slices=3, patient_id="B765432(1)", patient_name="OTHER^PATIENT", overrides=person
    )
    write_series(folder / "other", stranger)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Real Orthanc, nginx and oidc-provider, with the facade; skipped by name where they are not installed."""
    check = subprocess.run(
        [sys.executable, str(STAND_IN / "run_store.py"), "--check"], capture_output=True, text=True, check=False
    )
    if check.returncode:
        pytest.skip(f"the stand-in store: {check.stderr.strip()}")
    data, ready = tmp_path_factory.mktemp("store-data"), tmp_path_factory.mktemp("store") / "ready.json"
    series_files(data)
    command = [sys.executable, str(STAND_IN / "run_store.py"), "--data", str(data), "--ready", str(ready)]
    process = subprocess.Popen(
        [*command, "--state", str(ready.parent / "state")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + _START_S
        while not ready.is_file():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail(f"the stand-in store did not start: {process.communicate()[1].decode()[-2000:]}")
            time.sleep(0.05)
        yield Store(json.loads(ready.read_text()))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture
def sessions(store: Store, tmp_path: Path) -> Iterator[Callable[..., StoreSession]]:
    """Makes sessions of signed-in people and closes them; the stand-in forgets its faults and cases afterwards."""
    made: list[StoreSession] = []

    def sign_in(user: str = "doctor", *, keeper: MemoryKeeper | None = None, **changes: Any) -> StoreSession:
        keeper = keeper or LastingKeeper()
        session = StoreSession(store.profile(**changes), keeper, AuditQueue(keeper, tmp_path / f"audit-{len(made)}"))
        made.append(session)
        session.sign_in(store.browser(user), cancel=CancelToken())
        return session

    yield sign_in
    for session in made:
        session.close()
    store.control("faults", faults=[])


@pytest.fixture(scope="session")
def shared_session(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreSession]:
    """One doctor's session for all tests that change nothing about it."""
    keeper = LastingKeeper()
    with StoreSession(store.profile(), keeper, AuditQueue(keeper, tmp_path_factory.mktemp("audit"))) as session:
        session.sign_in(store.browser("doctor"), cancel=CancelToken())
        yield session


def study_uid(name: str) -> str:
    """Study Instance UID of one of :func:`series_files`."""
    return uid(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process starts the stand-in, and runs all that need it."""
    for item in items:
        if "store" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("store"))
