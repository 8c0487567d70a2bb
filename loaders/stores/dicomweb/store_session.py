"""One store in use: signed in, searched, opened, with every access on record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from loaders.audit.audit_event import AuditFacts, Deed
from loaders.audit.audit_queue import AuditQueue
from loaders.auth.provider import Provider
from loaders.auth.secret_keeper import SecretKeeper
from loaders.auth.sign_in import DeviceCode, OpenBrowser, Person, sign_in_with_browser, sign_in_with_device
from loaders.auth.token_keeper import TokenKeeper
from loaders.progress import CancelToken
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.stores.dicomweb.patient_search import FoundPatient, find_patient
from loaders.transport.rate_limit import RateLimit
from loaders.transport.store_channel import StoreChannel
from loaders.transport.store_errors import AccessRefused, StoreError
from loaders.transport.store_profile import StoreProfile


class StoreSession:
    """Everything that belongs to one store. ``close`` ends connections; it does not sign out."""

    def __init__(self, profile: StoreProfile, keeper: SecretKeeper, audit: AuditQueue) -> None:
        self.profile, self.audit = profile, audit
        self._provider = Provider(profile)
        self.tokens = TokenKeeper(self._provider, keeper)
        self.limit = RateLimit()
        self.channel = StoreChannel(profile, self.tokens, limit=self.limit)
        self.client = DicomwebClient(self.channel)

    def close(self) -> None:
        """Close connections."""
        self.channel.close()
        self._provider.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sign_in(self, open_browser: OpenBrowser, *, cancel: CancelToken) -> Person:
        """Sign in with the system browser."""
        return self._signed_in(lambda: sign_in_with_browser(self._provider, open_browser, cancel=cancel))

    def sign_in_by_device(self, show_code: Callable[[DeviceCode], object], *, cancel: CancelToken) -> Person:
        """Sign in by a code that is typed on another device."""
        return self._signed_in(lambda: sign_in_with_device(self._provider, show_code, cancel=cancel))

    def _signed_in(self, sign_in: Callable[[], Any]) -> Person:
        with self._on_record(Deed.SIGN_IN):
            person, tokens = sign_in()
            self.tokens.signed_in(person, tokens)
        found: Person = person
        return found

    def sign_out(self) -> None:
        """Forget tokens, here and at the service."""
        facts = self._facts()
        self.tokens.sign_out()
        self.audit.record(Deed.SIGN_OUT, facts)

    def find(self, identifier: str, birth_date: str, *, system: str = "") -> FoundPatient:
        """Find one patient and the studies; on record. Raises ``StoreError`` and its kinds."""
        with self._on_record(Deed.QUERY, patient_id=identifier):
            return find_patient(self.client, identifier, birth_date, system=system)

    def ask_for_access(self, reason: str, *, code: str = "", is_emergency: bool = False) -> None:
        """Give the reason (and the patient's code) a restricted record asks for, or declare an emergency.

        An emergency is on record before the store is asked. Raises ``AccessRefused`` and other kinds of ``StoreError``.
        """
        if is_emergency:
            self.audit.record(Deed.EMERGENCY, self._facts(detail=reason))
        request = {"reason": reason, "code": code, "purpose": "BTG" if is_emergency else "TREAT"}
        self.channel.post_json(f"{self.profile.access_root.rstrip('/')}/purpose", request)

    def opened(self, deed: Deed, patient_id: str, study_uid: str) -> None:
        """Put on record that a study was opened, kept or exported."""
        self.audit.record(deed, self._facts(patient_id=patient_id, study_uid=study_uid))

    def send_audit(self) -> int:
        """Send what waits in the queue. Raises ``StoreError`` and its kinds; what was not sent stays."""
        path = f"{self.profile.fhir_root.rstrip('/')}/AuditEvent"
        return self.audit.send(lambda event: self.channel.post_json(path, event, accept="application/fhir+json"))

    @contextlib.contextmanager
    def _on_record(self, deed: Deed, patient_id: str = "") -> Iterator[None]:
        """Record the deed whatever becomes of it; a refusal is an event of its own."""
        try:
            yield
        except AccessRefused as error:
            self.audit.record(Deed.REFUSAL, self._facts(outcome=4, detail=error.code, patient_id=patient_id))
            raise
        except StoreError as error:
            self.audit.record(deed, self._facts(outcome=8, detail=error.code, patient_id=patient_id))
            raise
        self.audit.record(deed, self._facts(patient_id=patient_id))

    def _facts(self, *, outcome: int = 0, patient_id: str = "", study_uid: str = "", detail: str = "") -> AuditFacts:
        person = self.tokens.person or Person("")
        return AuditFacts(
            self.profile.name,
            person.subject,
            person.role,
            person.organisation,
            person.purpose_of_use if person.subject else "",
            patient_id,
            study_uid,
            outcome,
            detail,
        )
