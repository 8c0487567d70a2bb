"""Signing in, finding one patient, asking for access: every step a job, every refusal its own screen."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.store.lazy_services import LazyServices
from viewer.store.record import PatientRecord
from viewer.store.sign_in_page import SignInPage
from viewer.store.store_panel import StorePage, StorePanel

if TYPE_CHECKING:
    from loaders.auth.sign_in import DeviceCode, Person
    from loaders.stores.dicomweb.store_session import StoreSession
    from loaders.transport.store_profile import StoreProfile
    from viewer.store.store_services import Opened, StoreServices

Result = TypeVar("Result")
SIGN_IN_JOB, FIND_JOB, OPEN_JOB = "store_sign_in", "store_find", "store_open"
#: Decisions of the store about this person and patient: shown as a screen, not as a line.
_REFUSALS = frozenset(
    {"restricted", "wrong_code", "no_sharing_consent", "consent_revoked", "role", "location_mismatch", "access_refused"}
)


class NoBrowser(WorldError):
    """No browser opens here: the code on another device takes its place."""

    code = "no_browser"


class OtherPerson(WorldError):
    """Somebody else than who locked the workstation signed in."""

    code = "other_person"


def open_system_browser(address: str) -> None:
    """Open an address. Raises ``NoBrowser``."""
    if not webbrowser.open(address):
        raise NoBrowser("no browser opens on this computer")


class StoreController(QObject):
    """One person, one store, one patient at a time.

    Signals: ``signed_in(Person)``, ``signed_out()``, ``found(PatientRecord)``, ``opened(PatientRecord, Opened)``,
    ``emergency_declared()``, ``access_ended()`` when what is on screen may not be seen any more,
    ``sign_in_failed(WorldError)``.
    """

    signed_in = Signal(object)
    signed_out = Signal()
    found = Signal(object)
    opened = Signal(object, object)
    emergency_declared = Signal()
    access_ended = Signal()
    sign_in_failed = Signal(object)

    def __init__(
        self, services: LazyServices, jobs: JobRunner, panel: StorePanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services, self._jobs, self.panel = services, jobs, panel
        #: Opens an address in the system browser, on a job's thread.
        self.open_browser: Callable[[str], object] = open_system_browser
        #: Whether this person may take over now; at a locked workstation only who locked it may.
        self.may_sign_in: Callable[[Person], bool] = lambda _person: True
        self.person: Person | None = None
        self.record: PatientRecord | None = None
        self._store = ""
        self._asked: tuple[str, str, str] | None = None
        self._job: Job[Any] | None = None
        self._afterwards: Callable[[], None] | None = None
        self._sign_in_pages: list[SignInPage] = []
        self.add_sign_in_page(panel.sign_in)
        panel.find_page.find_requested.connect(self.find)
        panel.find_page.cancel_requested.connect(self.cancel)
        panel.studies.open_requested.connect(self.open_study)
        panel.studies.back_requested.connect(self._another_patient)
        panel.studies.chosen.connect(self._rank)
        panel.refusal.access_requested.connect(self.ask_for_access)
        panel.refusal.back_requested.connect(self._leave_refusal)
        panel.sign_out_requested.connect(self.sign_out)

    @property
    def store(self) -> str:
        """The name of the store in use."""
        return self._store

    def add_sign_in_page(self, page: SignInPage) -> None:
        """Let one more page ask for a sign-in and follow it."""
        self._sign_in_pages.append(page)
        page.sign_in_requested.connect(self._sign_in_from_panel)
        page.cancel_requested.connect(self.cancel)

    def show(self) -> None:
        """Open the panel where the reader left it: signing in, finding, or the list."""
        if self.person is None:
            self.panel.show_page(StorePage.SIGN_IN)
            self._start("quiet store list", lambda services, _c, _p: services.profiles(), self._take_profiles)
        else:
            self.panel.show_page(StorePage.STUDIES if self.record is not None else StorePage.FIND)

    def cancel(self) -> None:
        """Stop what is under way; nothing of it counts."""
        if self._job is not None:
            self._job.cancel()
        self._settle()

    # ---- signing in and out

    def sign_in_again(self, afterwards: Callable[[], None]) -> None:
        """Show the sign-in page; ``afterwards`` is called once somebody has signed in."""
        self._afterwards = afterwards
        self.panel.show_page(StorePage.SIGN_IN)
        self._start("quiet store list", lambda services, _c, _p: services.profiles(), self._take_profiles)

    def _sign_in_from_panel(self, store: str, by_device: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.sign_in(store, by_device=by_device)

    def sign_in(self, store: str, *, by_device: bool = False) -> None:
        """Sign in to a store."""
        self._settle()
        self.panel.show_error(None)
        for page in self._sign_in_pages:
            page.set_waiting(True)

        def work(services: StoreServices, cancel: CancelToken, _progress: ProgressCallback) -> Person:
            session = services.use(store)
            if by_device:
                person = session.sign_in_by_device(self._code_shower(), cancel=cancel)
            else:
                person = session.sign_in(self.open_browser, cancel=cancel)
            services.send_audit()
            return person

        def fail(error: WorldError) -> None:
            self._settle()
            if isinstance(error, NoBrowser):
                self.sign_in(store, by_device=True)
            else:
                self.panel.show_error(error)
                self.sign_in_failed.emit(error)

        self._store = store
        self._job = self._start(SIGN_IN_JOB, work, self._take_person, fail)

    def _code_shower(self) -> Callable[[DeviceCode], None]:
        def show(code: DeviceCode) -> None:
            for page in self._sign_in_pages:
                self._jobs.call_on_window_thread(partial(page.show_code, code.user_code, code.address))

        return show

    def _take_person(self, person: Person) -> None:
        self._settle()
        if not self.may_sign_in(person):
            self._start("quiet store sign-out", _refused_sign_in, lambda _none: None)
            self.sign_in_failed.emit(OtherPerson("somebody else locked this workstation"))
            return
        is_other = self.person is not None and person.subject != self.person.subject
        if is_other:
            self._forget_patient()
            self.access_ended.emit()
        self.person = person
        self.panel.set_person(self._store, person)
        self.signed_in.emit(person)
        afterwards, self._afterwards = self._afterwards, None
        if afterwards is not None and not is_other:
            self.panel.close_panel()
            afterwards()
        elif self.panel.isVisible():
            self.show()

    def sign_out(self) -> None:
        """Forget tokens here and at the service, whose patient it was, and on a shared workstation what was kept."""
        self.cancel()

        self.person = None
        self._afterwards = None
        self._forget_patient()
        self.panel.set_person("", None)
        self.access_ended.emit()
        self.signed_out.emit()
        self._start("quiet store sign-out", _signed_out, lambda _none: None)
        if self.panel.isVisible():
            self.show()

    def _take_profiles(self, profiles: list[StoreProfile]) -> None:
        self.panel.sign_in.set_stores([profile.name for profile in profiles])

    # ---- one patient

    def find(self, identifier: str, birth_date: str, system: str = "") -> None:
        """Find one patient and the studies."""
        self._asked = (identifier, birth_date, system)
        self.panel.show_error(None)
        self.panel.find_page.set_waiting(True)

        def work(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> PatientRecord:
            return services.record_of(_session_of(services), identifier, birth_date, system)

        again = partial(self.find, identifier, birth_date, system)
        self._job = self._start(FIND_JOB, work, self._take_record, partial(self._fail, again))

    def _take_record(self, record: PatientRecord) -> None:
        self._settle()
        self.record = record
        self.panel.studies.set_record(record)
        self.panel.show_page(StorePage.STUDIES)
        self.found.emit(record)

    def _another_patient(self) -> None:
        self._forget_patient()
        self.panel.show_page(StorePage.FIND)

    def _forget_patient(self) -> None:
        self.record, self._asked = None, None
        self.panel.studies.set_record(None)
        self.panel.find_page.clear()
        self.panel.refusal.clear()

    def _rank(self, study_uid: str) -> None:
        record = self.record
        if record is None:
            return
        from viewer.store.store_services import priors_of  # noqa: PLC0415 - imported by now: there is a record

        self.panel.studies.set_priors(priors_of(record, study_uid))

    # ---- access

    def ask_for_access(self, reason: str, code: str, is_emergency: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Give the reason a record asks for, then do again what was refused."""
        again = self._afterwards

        def work(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> None:
            _session_of(services).ask_for_access(reason, code=code, is_emergency=is_emergency)

        def take(_none: None) -> None:
            self._settle()
            if is_emergency:
                self.emergency_declared.emit()
            self._afterwards = None
            if again is not None:
                again()

        self._job = self._start(FIND_JOB, work, take, partial(self._fail, again))

    def _leave_refusal(self) -> None:
        self._afterwards = None
        self.panel.refusal.clear()
        self.panel.show_page(StorePage.STUDIES if self.record is not None else StorePage.FIND)

    def refuse(self, error: WorldError, again: Callable[[], None] | None) -> None:
        """Show a refusal; copies of a patient whose consent was taken back are destroyed."""
        self._afterwards = again
        self.panel.refusal.show_refusal(error)
        self.panel.show_page(StorePage.REFUSAL)
        if error.code == "consent_revoked":
            patient_id = self.record.patient.identifier if self.record else (self._asked or ("",))[0]
            self.access_ended.emit()
            if patient_id:

                def purge(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> int:
                    return services.purge(profile=_session_of(services).profile.name, patient_id=patient_id)

                self._start("quiet store purge", purge, lambda _count: None)

    # ---- opening

    def open_study(self, study_uid: str, *, with_priors: bool = True) -> None:
        """Open a study with its relevant priors."""
        record = self.record
        if record is None:
            return

        def work(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> Opened:
            return services.opened(_session_of(services), record, study_uid, with_priors=with_priors)

        def take(opened: Opened) -> None:
            self._settle()
            self.panel.close_panel()
            self.opened.emit(record, opened)

        again = partial(self.open_study, study_uid, with_priors=with_priors)
        self._job = self._start(OPEN_JOB, work, take, partial(self._fail, again))

    # ---- inside

    def _fail(self, again: Callable[[], None] | None, error: WorldError) -> None:
        self._settle()
        if error.code in _REFUSALS:
            self.refuse(error, again)
        elif error.code == "not_signed_in" and again is not None:
            self.sign_in_again(again)
            self.panel.show_error(error)
        else:
            self.panel.show_error(error)

    def _settle(self) -> None:
        self._job = None
        for page in self._sign_in_pages:
            page.set_waiting(False)
        self.panel.find_page.set_waiting(False)

    def _start(
        self,
        name: str,
        work: Callable[[StoreServices, CancelToken, ProgressCallback], Result],
        on_result: Callable[[Result], None],
        on_error: Callable[[WorldError], None] | None = None,
    ) -> Job[Result]:
        def fail(error: BaseException) -> None:
            if not isinstance(error, WorldError):
                raise error
            (on_error or self.panel.show_error)(error)

        return self._jobs.start(
            JobKind.NETWORK,
            name,
            lambda cancel, progress: work(self._services.get(), cancel, progress),
            on_result=on_result,
            on_error=fail,
        )


def _refused_sign_in(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> None:
    """End the sign-in of somebody who may not take over; what is kept belongs to who locked, and stays."""
    if services.session is not None:
        services.session.sign_out()


def _signed_out(services: StoreServices, _cancel: CancelToken, _progress: ProgressCallback) -> None:
    session = services.session
    if session is not None:
        session.sign_out()
        if session.profile.is_shared_workstation:
            services.purge(profile=session.profile.name)


def _session_of(services: StoreServices) -> StoreSession:
    """Return the store in use; there is one once somebody has signed in."""
    from loaders.transport.store_errors import NotSignedIn  # noqa: PLC0415 - on a job's thread

    if services.session is None:
        raise NotSignedIn("sign in first")
    return services.session
