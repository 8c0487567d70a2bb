"""The sign-in service: what it says of itself (OpenID Connect Discovery), its token endpoint, its keys."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from loaders.auth.sign_in_errors import SignInFailed, SignInForged
from loaders.transport.bounded_json import bounded_body, parsed
from loaders.transport.store_channel import unreachable
from loaders.transport.store_errors import StoreBusy
from loaders.transport.store_origin import same_origin
from loaders.transport.store_profile import StoreProfile
from loaders.transport.trusted_tls import tls_context

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_LARGEST_ANSWER = 1 << 20
_CLOCK_SKEW_S = 60.0
_TIMEOUT = httpx2.Timeout(20.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of the service, each checked to be of the issuer's own origin. Empty where it has none."""

    authorization: str
    token: str
    keys: str
    device: str = ""
    revocation: str = ""
    names_itself: bool = False


class Provider:
    """One sign-in service. ``close`` ends its connections."""

    def __init__(self, profile: StoreProfile) -> None:
        self.profile = profile
        self._client = httpx2.Client(
            verify=tls_context(profile),
            trust_env=False,
            follow_redirects=False,
            proxy=profile.proxy or None,
            timeout=_TIMEOUT,
        )
        self._endpoints: Endpoints | None = None

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def endpoints(self) -> Endpoints:
        """Return the service's addresses. Raises ``SignInForged`` when it calls itself by another name."""
        if self._endpoints is None:
            issuer = self.profile.issuer
            status, facts = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if status != 200:
                raise SignInFailed(f"the sign-in service does not describe itself (HTTP {status})")
            if facts.get("issuer") != issuer:
                raise SignInForged("the sign-in service calls itself by another name than the profile does")

            def address(name: str) -> str:
                given = facts.get(name, "")
                return same_origin(given, issuer) if isinstance(given, str) and given else ""

            self._endpoints = Endpoints(
                address("authorization_endpoint"),
                address("token_endpoint"),
                address("jwks_uri"),
                address("device_authorization_endpoint"),
                address("revocation_endpoint"),
                facts.get("authorization_response_iss_parameter_supported") is True,
            )
        return self._endpoints

    def post(self, url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """POST a form to one of the endpoints; return status and document. Raises ``StoreUnreachable`` and kinds."""
        return self._ask("POST", url, {**form, "client_id": self.profile.client_id})

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            with self._client.stream(method, url, data=form, headers=headers) as answer:
                body = bounded_body(answer.iter_raw(), answer.headers.get("content-encoding", ""), _LARGEST_ANSWER)
        except httpx2.HTTPError as error:
            raise unreachable(error) from error
        if answer.status_code in {429, 502, 503, 504}:
            raise StoreBusy("the sign-in service is busy")
        if 300 <= answer.status_code < 400:
            raise SignInForged("the sign-in service redirects where it must not")
        document = parsed(body) if body else {}
        return answer.status_code, document if isinstance(document, dict) else {}

    def checked_id_token(self, token: str, nonce: str | None) -> dict[str, Any]:
        """Return the claims of an ID token (OpenID Connect Core 3.1.3.7). Raises ``SignInForged``."""
        _, keys = self._ask("GET", self.endpoints().keys)
        try:
            claims = dict(jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInForged("the identity is not signed by the sign-in service") from error
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        now = time.time()
        expires = claims.get("exp")
        is_sound = (
            claims.get("iss") == self.profile.issuer
            and self.profile.client_id in audiences
            and (len(audiences) == 1 or claims.get("azp") == self.profile.client_id)
            and isinstance(expires, int | float)
            and expires > now - _CLOCK_SKEW_S
            and isinstance(claims.get("sub"), str)
        )
        if not is_sound:
            raise SignInForged("the identity was issued by, or for, somebody else, or has expired")
        if nonce is not None and claims.get("nonce") != nonce:
            raise SignInForged("the identity answers another sign-in than this one")
        return claims
