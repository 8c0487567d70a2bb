"""The tokens of one signed-in person: access in memory only, refresh in the key ring, one refresh at a time."""

from __future__ import annotations

import contextlib
import threading
import time

from loaders.auth.provider import Provider
from loaders.auth.secret_keeper import MemoryKeeper, SecretKeeper
from loaders.auth.sign_in import Person, TokenSet, exchange, person_of
from loaders.auth.sign_in_errors import SignInFailed
from loaders.errors import WorldError
from loaders.transport.store_errors import NotSignedIn

#: A token that ends within this time is refreshed before it is used.
_MARGIN_S = 15.0
_FRESH_SHARE = 0.2


class TokenKeeper:
    """A ``TokenSource`` for ``StoreChannel``. Thread-safe.

    ``keeper`` keeps the refresh token; with a shared workstation's profile nothing survives the process.
    """

    def __init__(self, provider: Provider, keeper: SecretKeeper) -> None:
        self._provider = provider
        self._keeper = MemoryKeeper() if provider.profile.is_shared_workstation else keeper
        self._name = f"refresh-token/{provider.profile.name}"
        self._lock = threading.Lock()
        self._tokens: TokenSet | None = None
        self._margin_s = _MARGIN_S
        self.person: Person | None = None

    def signed_in(self, person: Person, tokens: TokenSet) -> None:
        """Take over the tokens of a fresh sign-in."""
        with self._lock:
            self.person = person
            self._take(tokens)

    @property
    def is_signed_in(self) -> bool:
        """Whether there is, or may be, a token without asking the person."""
        return self._tokens is not None or self._keeper.get(self._name) is not None

    def access_token(self) -> str:
        """Return a valid access token, refreshed silently. Raises ``NotSignedIn``, ``StoreUnreachable``."""
        with self._lock:
            if self._tokens is None or self._tokens.expires_at - time.monotonic() < self._margin_s:
                self._refresh()
            assert self._tokens is not None  # noqa: S101 - or _refresh has raised
            return self._tokens.access

    def refused(self, token: str) -> None:
        """Forget this access token, so that the next is fresh. Raises ``NotSignedIn`` when none can be had."""
        with self._lock:
            if self._tokens is not None and self._tokens.access == token:
                self._refresh()

    def _refresh(self) -> None:
        refresh = self._keeper.get(self._name)
        self._tokens = None
        if not refresh:
            raise NotSignedIn(f"sign in to {self._provider.profile.name} first")
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        if self._provider.profile.audience:
            form["resource"] = self._provider.profile.audience
        try:
            tokens = exchange(self._provider, form)
        except SignInFailed as error:
            self._keeper.forget(self._name)
            raise NotSignedIn("the sign-in has ended: sign in again") from error
        if self.person is None and tokens.identity:
            self.person = person_of(self._provider.checked_id_token(tokens.identity, None))
        self._take(tokens)

    def _take(self, tokens: TokenSet) -> None:
        self._tokens = TokenSet(tokens.access, tokens.expires_at)
        self._margin_s = min(_MARGIN_S, _FRESH_SHARE * (tokens.expires_at - time.monotonic()))
        if tokens.refresh:  # rotation: the old one is worth nothing any more
            self._keeper.put(self._name, tokens.refresh)

    def drop_tokens(self) -> None:
        """Forget access and refresh token, and keep who it was for (locked): only a sign-in leads back."""
        with self._lock:
            self._tokens = None
            self._keeper.forget(self._name)

    def drop_access_token(self) -> None:
        """Forget the access token and who it was for (locked); the refresh token stays where it is."""
        with self._lock:
            self._tokens = None

    def sign_out(self) -> None:
        """Forget everything here, and tell the service that the refresh token is void. Never raises for its answer."""
        with self._lock:
            refresh = self._keeper.get(self._name)
            self._tokens, self.person = None, None
            self._keeper.forget(self._name)
        if refresh:
            with contextlib.suppress(WorldError):
                form = {"token": refresh, "token_type_hint": "refresh_token"}
                if self._provider.endpoints().revocation:
                    self._provider.post(self._provider.endpoints().revocation, form)
