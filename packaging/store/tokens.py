"""Access tokens as the stand-in's doorman reads them: signed by its own sign-in service, for it, and not expired."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class BadToken(Exception):
    """The token is missing, foreign, or expired."""


class TokenReader:
    """Checks RS256 tokens against the keys the sign-in service publishes."""

    def __init__(self, keys_url: str, issuer: str, audience: str) -> None:
        self._keys_url, self._issuer, self._audience = keys_url, issuer, audience
        self._keys: dict[str, rsa.RSAPublicKey] = {}

    def claims(self, authorization: str) -> dict[str, Any]:
        """Return the claims of ``Bearer ...``. Raises ``BadToken``."""
        scheme, _, token = authorization.partition(" ")
        parts = token.split(".")
        if scheme.lower() != "bearer" or len(parts) != 3:
            raise BadToken("no token")
        try:
            header, claims = (json.loads(_decoded(part)) for part in parts[:2])
            if header["alg"] != "RS256":
                raise BadToken("another algorithm")
            signed = f"{parts[0]}.{parts[1]}".encode()
            self._key(header["kid"]).verify(_decoded(parts[2]), signed, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, InvalidSignature) as error:
            raise BadToken("unreadable or forged") from error
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._issuer or self._audience not in audiences:
            raise BadToken("for somebody else")
        if float(claims.get("exp", 0)) <= time.time():
            raise BadToken("expired")
        return dict(claims)

    def _key(self, kid: str) -> rsa.RSAPublicKey:
        if kid not in self._keys:
            with urllib.request.urlopen(self._keys_url, timeout=5) as answer:  # noqa: S310 - loopback
                for key in json.load(answer)["keys"]:
                    if key["kty"] == "RSA":
                        numbers = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"]))
                        self._keys[key["kid"]] = numbers.public_key()
        return self._keys[kid]


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")
