"""Signing in with the system browser (authorization code + PKCE) or by a code on another device (RFC 8628)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from loaders.auth.loopback_redirect import LONGEST_WAIT_S, LoopbackRedirect
from loaders.auth.provider import Provider
from loaders.auth.sign_in_errors import SignInFailed, SignInForged, SignInTimedOut
from loaders.progress import CancelToken
from loaders.transport.retry_policy import wait_or_cancel
from loaders.transport.store_errors import StoreBusy, StoreUnreachable

#: Opens an address in the system browser.
OpenBrowser = Callable[[str], object]
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SHORTEST_LIFE_S, _LONGEST_LIFE_S = 5.0, 3600.0
_LONGEST_DEVICE_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, as the service states it; empty where it does not. ``factors`` are RFC 8176 words."""

    subject: str
    name: str = ""
    role: str = ""
    organisation: str = ""
    location: str = ""
    assurance: str = ""
    factors: tuple[str, ...] = ()
    purpose_of_use: str = "TREAT"

    @property
    def has_two_factors(self) -> bool:
        """Whether the service reports more than one factor."""
        return len(set(self.factors)) > 1 or "mfa" in self.factors


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Tokens of one answer. ``expires_at`` is on the monotonic clock. Never printed: ``repr`` hides the secrets."""

    access: str
    expires_at: float
    refresh: str = ""
    identity: str = ""

    def __repr__(self) -> str:
        return "TokenSet(...)"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person needs: an address to open on any device, and the code to type there."""

    address: str
    user_code: str
    complete_address: str
    expires_s: float


def sign_in_with_browser(
    provider: Provider,
    open_browser: OpenBrowser,
    *,
    cancel: CancelToken,
    timeout_s: float = LONGEST_WAIT_S,
) -> tuple[Person, TokenSet]:
    """Have the system browser sign the person in, and exchange the code it brings back.

    PKCE S256 (RFC 7636), state, nonce, and the issuer in the answer (RFC 9207). Raises ``SignInFailed`` and its kinds,
    ``StoreUntrusted``, ``Cancelled``.
    """
    endpoints = provider.endpoints()
    verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with LoopbackRedirect() as redirect:
        question = {
            "response_type": "code",
            "client_id": provider.profile.client_id,
            "redirect_uri": redirect.uri,
            "scope": provider.profile.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        if provider.profile.audience:
            question["resource"] = provider.profile.audience
        open_browser(f"{endpoints.authorization}?{urlencode(question)}")
        answer = redirect.wait(cancel, timeout_s)
    _check_answer(answer, state, provider.profile.issuer, names_itself=endpoints.names_itself)
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": question["redirect_uri"],
        "code_verifier": verifier,
    }
    tokens = exchange(provider, form)
    if not tokens.identity:
        raise SignInForged("the sign-in service states no identity")
    return person_of(provider.checked_id_token(tokens.identity, nonce)), tokens


def _check_answer(answer: dict[str, str], state: str, issuer: str, *, names_itself: bool) -> None:
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise SignInForged("the answer belongs to another sign-in than this one")
    if ("iss" in answer or names_itself) and answer.get("iss") != issuer:
        raise SignInForged("the answer comes from another sign-in service")
    if "error" in answer:
        raise SignInFailed(f"the sign-in service refused: {_word(answer['error'])}")
    if not answer.get("code"):
        raise SignInForged("the answer holds no code")


def sign_in_with_device(
    provider: Provider,
    show_code: Callable[[DeviceCode], object],
    *,
    cancel: CancelToken,
) -> tuple[Person, TokenSet]:
    """Show a code, and wait until it was typed on another device. Raises as :func:`sign_in_with_browser` does."""
    endpoints = provider.endpoints()
    if not endpoints.device:
        raise SignInFailed("this sign-in service has no sign-in by another device")
    form = {"scope": provider.profile.scope}
    if provider.profile.audience:
        form["resource"] = provider.profile.audience
    status, facts = provider.post(endpoints.device, form)
    if status != 200:
        raise SignInFailed(f"the sign-in service refused: {_word(facts.get('error'))}")
    code = _device_code(facts)
    show_code(code)
    tokens = _poll(provider, str(facts["device_code"]), code.expires_s, facts.get("interval"), cancel)
    if not tokens.identity:
        raise SignInForged("the sign-in service states no identity")
    return person_of(provider.checked_id_token(tokens.identity, None)), tokens


def _device_code(facts: dict[str, Any]) -> DeviceCode:
    needed = [facts.get(name) for name in ("device_code", "user_code", "verification_uri")]
    if not all(isinstance(each, str) and each for each in needed):
        raise SignInFailed("the sign-in service gave no code")
    expires = facts.get("expires_in")
    seconds = float(expires) if isinstance(expires, int | float) else _LONGEST_DEVICE_WAIT_S
    complete = facts.get("verification_uri_complete")
    return DeviceCode(
        str(needed[2]),
        str(needed[1]),
        complete if isinstance(complete, str) else "",
        min(seconds, _LONGEST_DEVICE_WAIT_S),
    )


def _poll(provider: Provider, device_code: str, expires_s: float, interval: object, cancel: CancelToken) -> TokenSet:
    pause = float(interval) if isinstance(interval, int | float) and 0 < interval < 60 else 5.0
    deadline = time.monotonic() + expires_s
    form = {"grant_type": _DEVICE_GRANT, "device_code": device_code}
    while time.monotonic() < deadline:
        wait_or_cancel(pause, cancel)
        try:
            status, facts = provider.post(provider.endpoints().token, form)
        except (StoreBusy, StoreUnreachable):
            pause += 5.0
            continue
        if status == 200:
            return token_set(facts)
        error = facts.get("error")
        if error == "slow_down":
            pause += 5.0
        elif error != "authorization_pending":
            raise SignInFailed(f"the sign-in service refused: {_word(error)}")
    raise SignInTimedOut("the code was not used in time")


def exchange(provider: Provider, form: dict[str, str]) -> TokenSet:
    """Ask the token endpoint. Raises ``SignInFailed`` where it refuses."""
    status, facts = provider.post(provider.endpoints().token, form)
    if status != 200:
        raise SignInFailed(f"the sign-in service refused: {_word(facts.get('error'))}")
    return token_set(facts)


def token_set(facts: dict[str, Any]) -> TokenSet:
    """Read a token answer. Raises ``SignInFailed`` for one without a bearer token."""
    access = facts.get("access_token")
    if not isinstance(access, str) or not access or str(facts.get("token_type", "")).lower() != "bearer":
        raise SignInFailed("the sign-in service gave no token that can be used")
    life = facts.get("expires_in")
    seconds = float(life) if isinstance(life, int | float) else 60.0
    seconds = min(max(seconds, _SHORTEST_LIFE_S), _LONGEST_LIFE_S)
    refresh, identity = facts.get("refresh_token"), facts.get("id_token")
    return TokenSet(
        access,
        time.monotonic() + seconds,
        refresh if isinstance(refresh, str) else "",
        identity if isinstance(identity, str) else "",
    )


def person_of(claims: dict[str, Any]) -> Person:
    """Return who an ID token speaks of."""

    def text(*names: str) -> str:
        found = next((claims[name] for name in names if isinstance(claims.get(name), str)), "")
        return str(found)[:200]

    factors = claims.get("amr")
    return Person(
        subject=text("sub"),
        name=text("name"),
        role=text("role"),
        organisation=text("organisation", "hcp_id"),
        location=text("location", "hsl_id"),
        assurance=text("acr"),
        factors=tuple(str(each)[:20] for each in factors[:8]) if isinstance(factors, list) else (),
        purpose_of_use=text("purpose_of_use") or "TREAT",
    )


def _word(error: object) -> str:
    """The service's error word, if it is one."""
    return (
        error if isinstance(error, str) and error.replace("_", "").isalnum() and len(error) < 60 else "no reason given"
    )
