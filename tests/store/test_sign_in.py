"""Signing in at the real oidc-provider behind nginx, and attacks on it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import replace

import pytest

from loaders.auth.loopback_redirect import LoopbackRedirect
from loaders.auth.provider import Provider
from loaders.auth.secret_keeper import LONGEST_SECRET, MemoryKeeper, system_keeper
from loaders.auth.sign_in import DeviceCode, exchange, person_of, sign_in_with_browser, sign_in_with_device, token_set
from loaders.auth.sign_in_errors import SignInFailed, SignInForged, SignInTimedOut
from loaders.auth.token_keeper import TokenKeeper
from loaders.errors import Cancelled
from loaders.progress import CancelToken
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.transport.store_errors import ForeignAddress, NotSignedIn, StoreUntrusted
from tests.store.conftest import STAND_IN, Store


def _call(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _redirect(question: str, **answer: str) -> str:
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(question).query))
    return f"{query['redirect_uri']}?{urllib.parse.urlencode(answer)}"


def _browser_that_answers(make: Callable[[str], str]) -> Callable[[str], None]:
    def open_address(url: str) -> None:
        threading.Thread(target=lambda: _call(make(url)), name="attacker").start()

    return open_address


def test_who_signed_in_with_which_factors_is_known(sessions: Callable[..., StoreSession]) -> None:
    person = sessions("radiologist").tokens.person
    assert person is not None
    assert (person.subject, person.role, person.organisation, person.location) == (
        "radiologist", "radiologist", "HA-TEST", "LOC-1",
    )  # fmt: skip
    assert person.assurance == "urn:example:two-factors"
    assert person.has_two_factors


def test_the_question_has_pkce_state_nonce_and_no_secret(store: Store) -> None:
    asked: list[str] = []
    provider = Provider(store.profile())
    try:
        with pytest.raises(SignInTimedOut):
            sign_in_with_browser(provider, asked.append, cancel=CancelToken(), timeout_s=0.3)
    finally:
        provider.close()
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked[0]).query))
    assert query["code_challenge_method"] == "S256"
    assert re.match(r"^http://127\.0\.0\.1:\d+/", query["redirect_uri"])
    assert len(query["state"]) > 40
    assert len(query["nonce"]) > 40
    assert "code_verifier" not in query
    with pytest.raises(urllib.error.URLError):
        _call(query["redirect_uri"])  # the listener is gone


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        (lambda url: _redirect(url, code="stolen", state="wrong", iss="x"), SignInForged),
        (lambda url: _redirect(url, code="stolen"), SignInForged),
        (lambda url: _with_state(url, code="stolen", iss="https://127.0.0.1:1"), SignInForged),
        (lambda url: _with_state(url, code="stolen"), SignInForged),  # the service names itself in every answer
        (lambda url: _with_state(url, code="invented", iss=_issuer(url)), SignInFailed),
        (lambda url: _with_state(url, error="access_denied", iss=_issuer(url)), SignInFailed),
        (lambda url: _with_state(url, iss=_issuer(url)), SignInForged),
        (lambda url: _with_state(url, code="a", iss=_issuer(url)) + "&code=b", SignInForged),
    ],
    ids=["wrong-state", "no-state", "mixed-up-issuer", "no-issuer", "invented-code", "denied", "no-code", "code-twice"],
)
def test_a_forged_answer_signs_nobody_in(store: Store, attack: Callable[[str], str], error: type[Exception]) -> None:
    provider = Provider(store.profile())
    try:
        with pytest.raises(error):
            sign_in_with_browser(provider, _browser_that_answers(attack), cancel=CancelToken(), timeout_s=20)
    finally:
        provider.close()


def _with_state(url: str, **answer: str) -> str:
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    return _redirect(url, state=query["state"], **answer)


def _issuer(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_a_code_works_once_and_only_with_its_verifier(store: Store) -> None:
    seen: list[str] = []
    sys.path.insert(0, str(STAND_IN))
    try:
        from robot_browser import RobotBrowser  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(STAND_IN))

    def walk_and_keep(url: str) -> None:
        def walk() -> None:
            seen.append(RobotBrowser("doctor", store.facts["authority"]).walk(url))
            _call(seen[0])

        threading.Thread(target=walk, name="browser").start()

    provider = Provider(store.profile())
    try:
        person, _ = sign_in_with_browser(provider, walk_and_keep, cancel=CancelToken())
        assert person.subject == "doctor"
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(seen[0]).query))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": seen[0].split("?")[0]}
        with pytest.raises(SignInFailed):
            exchange(provider, {**form, "code_verifier": "a" * 60})
    finally:
        provider.close()


def test_the_provider_refuses_a_foreign_redirect(store: Store) -> None:
    """The other half of the protection is the service's: ours registers only the loopback address."""
    query = {
        "response_type": "code",
        "client_id": "diptych",
        "redirect_uri": "https://evil.example/",
        "scope": "openid",
    }
    url = f"{store.facts['issuer']}/auth?{urllib.parse.urlencode(query)}"
    done = subprocess.run(
        ["curl", "--silent", "--include", "--cacert", store.facts["authority"], url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "evil.example" not in done.stdout
    assert "location:" not in done.stdout.lower()


def test_the_listener_takes_one_answer_for_its_own_path() -> None:
    with LoopbackRedirect() as redirect:
        codes: list[int] = []

        def browse() -> None:
            codes.append(_call(redirect.uri.replace("/signed-in", "/favicon.ico")))
            codes.append(_call(redirect.uri + "?code=1&state=2"))

        thread = threading.Thread(target=browse)
        thread.start()
        assert redirect.wait(CancelToken(), 10) == {"code": "1", "state": "2"}
        thread.join()
        assert codes == [404, 200]


def test_waiting_for_the_browser_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with LoopbackRedirect() as redirect, pytest.raises(Cancelled):
        redirect.wait(cancel)


def test_a_device_without_a_browser_signs_in_by_a_code(store: Store) -> None:
    provider = Provider(store.profile())

    def type_it_elsewhere(code: DeviceCode) -> None:
        assert code.user_code
        store.browser("doctor")(code.complete_address)

    try:
        person, tokens = sign_in_with_device(provider, type_it_elsewhere, cancel=CancelToken())
    finally:
        provider.close()
    assert person.subject == "doctor"
    assert tokens.refresh


def test_another_service_under_the_same_name_is_refused(store: Store) -> None:
    provider = Provider(store.profile())
    provider.profile = replace(provider.profile, issuer=store.facts["issuer"].replace("127.0.0.1", "localhost"))
    try:
        with pytest.raises(SignInForged):
            provider.endpoints()
    finally:
        provider.close()


def test_a_service_that_is_not_trusted_gets_nothing(store: Store) -> None:
    provider = Provider(store.profile(authority=""))
    try:
        with pytest.raises(StoreUntrusted):
            provider.endpoints()
    finally:
        provider.close()


def test_an_identity_token_of_somebody_else_is_refused(store: Store, shared_session: StoreSession) -> None:
    provider = Provider(store.profile())
    try:
        for token in ("", "a.b.c", shared_session.tokens.access_token()):  # the last is signed, but for the store
            with pytest.raises(SignInForged):
                provider.checked_id_token(token, None)
    finally:
        provider.close()


def test_tokens_are_refreshed_silently_and_rotated(sessions: Callable[..., StoreSession]) -> None:
    keeper = MemoryKeeper()
    session = sessions(keeper=keeper)
    name = f"refresh-token/{session.profile.name}"
    before, refresh = session.tokens.access_token(), keeper.get(name)
    session.tokens.refused(before)
    assert session.tokens.access_token() != before
    assert keeper.get(name) != refresh
    assert before not in json.dumps(keeper._secrets)


def test_signing_out_forgets_and_voids_the_refresh_token(sessions: Callable[..., StoreSession]) -> None:
    keeper = MemoryKeeper()
    session = sessions(keeper=keeper)
    refresh = keeper.get("refresh-token/stand-in")
    session.sign_out()
    assert keeper._secrets.keys() <= {"library-root-key"}
    assert not session.tokens.is_signed_in
    with pytest.raises(NotSignedIn):
        session.tokens.access_token()
    keeper.put("refresh-token/stand-in", refresh or "")
    with pytest.raises(NotSignedIn):  # revoked at the service too
        session.tokens.access_token()


def test_on_a_shared_workstation_nothing_reaches_the_key_ring(sessions: Callable[..., StoreSession]) -> None:
    keeper = MemoryKeeper()
    session = sessions(keeper=keeper, is_shared_workstation=True)
    assert keeper.get("refresh-token/stand-in") is None
    session.tokens.refused(session.tokens.access_token())  # still refreshed, from memory


def test_without_a_real_key_ring_secrets_stay_in_memory() -> None:
    keeper = system_keeper()  # the tests' own backend is none of the allowed ones
    assert not keeper.is_lasting
    assert keeper.put("x", "y") is False


def test_a_long_secret_never_goes_to_the_key_ring() -> None:
    from loaders.auth.secret_keeper import KeyringKeeper
    from tests.support.memory_keyring import MemoryKeyring

    backend = MemoryKeyring()
    keeper = KeyringKeeper(backend)
    assert keeper.put("short", "s" * LONGEST_SECRET) is True
    assert keeper.put("long", "s" * (LONGEST_SECRET + 1)) is False
    assert keeper.get("long") == "s" * (LONGEST_SECRET + 1)
    assert backend.get_password("diptych", "long") is None


def test_a_token_answer_without_a_bearer_token_is_refused() -> None:
    for facts in ({}, {"access_token": "x", "token_type": "mac"}, {"access_token": 5, "token_type": "Bearer"}):
        with pytest.raises(SignInFailed):
            token_set(facts)
    assert "secret" not in repr(token_set({"access_token": "secret", "token_type": "bearer"}))


def test_claims_of_the_wrong_kind_are_unknown() -> None:
    person = person_of({"sub": "x", "role": ["doctor"], "amr": "pwd", "name": None})
    assert (person.role, person.factors, person.name) == ("", (), "")


def test_an_endpoint_outside_the_issuer_is_not_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(store.profile())
    facts = {"issuer": provider.profile.issuer, "token_endpoint": "https://evil.example/token"}
    monkeypatch.setattr(provider, "_ask", lambda *_: (200, facts))
    try:
        with pytest.raises(ForeignAddress):
            provider.endpoints()
    finally:
        provider.close()


def test_the_keeper_of_a_person_who_never_signed_in_says_so(store: Store) -> None:
    provider = Provider(store.profile())
    try:
        with pytest.raises(NotSignedIn):
            TokenKeeper(provider, MemoryKeeper()).access_token()
    finally:
        provider.close()
