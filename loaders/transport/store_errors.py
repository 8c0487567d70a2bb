"""What can go wrong between this workstation and an image store: stable codes, and what to do about each."""

from __future__ import annotations

from loaders.errors import SourceError


class StoreError(SourceError):
    """The store cannot be used as asked. Retrying by itself does not help unless a subclass says so."""

    code = "store_error"


class StoreUnreachable(StoreError):
    """No answer, or the connection was lost: worth another try, and a reason to show what is kept here."""

    code = "store_unreachable"


class StoreUntrusted(StoreError):
    """The other side did not prove to be the store (PS3.15 B.9, TLS). Nothing was sent; nothing may be retried."""

    code = "store_untrusted"


class StoreBusy(StoreError):
    """429 or 503: the store asks to wait ``retry_after_s``, ``None`` where it does not say."""

    code = "store_busy"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreAnswerUnusable(StoreError):
    """The store answered, but not with what was asked for."""

    code = "store_answer_unusable"


class WrongAnswer(StoreAnswerUnusable):
    """An object of another patient, study or series than was asked for: never shown, never kept."""

    code = "wrong_object"


class ForeignAddress(StoreError):
    """A redirect, or an address outside the store's origin: nothing is sent there."""

    code = "foreign_address"


class NotSignedIn(StoreError):
    """There is no valid access token and no way to get one silently."""

    code = "not_signed_in"


class NotFound(StoreError):
    """404: not there, or not permitted to know."""

    code = "not_found"


#: Stable codes of RFC 9457 answers (access decisions of an eHealth-style store) and what a reader can do.
REFUSALS = {
    "location-mismatch": "this sign-in belongs to another location: sign in where you are",
    "role": "your role may not see images: ask your organisation's user administrator",
    "no-sharing-consent": "the patient has given your organisation no sharing consent",
    "consent-revoked": "the patient has taken the sharing consent back",
    "restricted": "the record is restricted: a reason and the patient's code are needed",
    "wrong-code": "the patient's code was not right",
}


class AccessRefused(StoreError):
    """403 with the store's own reason. ``code`` is that reason with underscores."""

    code = "access_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSALS.get(reason, "the store refuses access and gives no known reason"))
        self.reason = reason
        self.code = reason.replace("-", "_") if reason in REFUSALS else "access_refused"
