"""Why a sign-in did not happen."""

from __future__ import annotations

from loaders.transport.store_errors import StoreError


class SignInFailed(StoreError):
    """The sign-in service, or the person, did not go through with it."""

    code = "sign_in_failed"


class SignInForged(SignInFailed):
    """An answer that does not belong to the question that was asked: an attack, or a broken service."""

    code = "sign_in_forged"


class SignInTimedOut(SignInFailed):
    """Nobody answered in time."""

    code = "sign_in_timed_out"
