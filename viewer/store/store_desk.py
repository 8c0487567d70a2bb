"""Puts the store's parts together and into the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import JobKind
from viewer.store.lazy_services import LazyServices
from viewer.store.library_controller import LibraryController
from viewer.store.lock_controller import LockController
from viewer.store.record_panel import RecordPanel
from viewer.store.state_banner import StateBanner
from viewer.store.store_controller import StoreController
from viewer.store.store_panel import StorePage, StorePanel
from viewer.store.streaming_controller import StreamingController

if TYPE_CHECKING:
    from loaders.model.stack import StackKey
    from loaders.retrieval.launch_request import LaunchRequest
    from viewer.main_window.main_window import MainWindow
    from viewer.store.record import PatientRecord
    from viewer.store.store_services import Opened

translate = QCoreApplication.translate
_LIBRARY, _RECORD = "library", "record"


class StoreDesk(QObject):
    """Made with the window; the network's libraries are imported when a store is first used."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._jobs, self._opening = window, window.jobs, window.opening
        #: What another program asked for, until the patient is found.
        self._launched: LaunchRequest | None = None
        self.services = LazyServices()
        self.banner = StateBanner(window)
        self.panel = StorePanel(window.area)
        window.area.cover(self.panel)
        self.controller = StoreController(self.services, self._jobs, self.panel, self)
        self.streaming = StreamingController(self.services, self._jobs, self._opening, self)
        self.library = LibraryController(self.services, self._jobs, self._opening, self.banner, self)
        self.record = RecordPanel()
        self.lock = LockController(window, self.controller)
        window.drawer.add_panel(_LIBRARY, self.library.panel)
        window.drawer.add_panel(_RECORD, self.record)
        self._connect()

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What can be done here, by the words of the key table."""
        return {
            "image_store": self.controller.show,
            "kept_studies": self.show_library,
            "reports": partial(self._window.drawer.toggle_panel, _RECORD),
            "lock": self.lock.lock,
        }

    def show_library(self) -> None:
        """Open the drawer with what is kept."""
        self.panel.hide()
        self._window.drawer.open_panel(_LIBRARY)
        self.library.refresh()

    def launch(self, request: LaunchRequest) -> None:
        """Open the patient, study and priors that another program asks for, once somebody has signed in."""

        def find() -> None:
            self.panel.find_page.fill(request.patient_id, request.birth_date, request.identifier_system)
            self.panel.show_page(StorePage.FIND)
            self._launched = request
            self.controller.find(request.patient_id, request.birth_date, request.identifier_system)

        self.controller.sign_in_again(find)
        self.panel.sign_in.prefer(request.store)

    # ---- what comes back

    def _connect(self) -> None:
        window, store, stream = self._window, self.controller, self.streaming
        window.empty.store_requested.connect(store.show)
        window.bar.store_requested.connect(store.show)
        window.bar.lock_requested.connect(self.lock.lock)
        self.panel.library_requested.connect(self.show_library)
        window.drawer.panel_changed.connect(lambda name: self.library.refresh() if name == _LIBRARY else None)
        store.signed_in.connect(lambda _person: self._take_sign_in())
        store.signed_out.connect(lambda: window.bar.set_signed_in(False))
        store.signed_out.connect(lambda: self.banner.set_line("emergency", None))
        store.found.connect(self._take_record)
        store.opened.connect(self._take_opened)
        store.emergency_declared.connect(lambda: self.banner.set_line("emergency", _emergency_words))
        store.access_ended.connect(self._end_access)
        stream.line_changed.connect(window.job_strip.set_stream)
        stream.study_state.connect(window.rail.set_study_state)
        stream.sign_in_needed.connect(self._tell_sign_in)
        stream.kept.connect(self._tell_kept)
        window.strip.pause_requested.connect(stream.toggle)
        for teller in (stream, self.library):
            teller.failed.connect(window.tell_error)
            teller.forgotten.connect(self._forget)
        self.library.told.connect(window.notice.show_words)
        window.presenting.presented.connect(self._tell_shown)
        self.lock.locked.connect(self._drop_secrets)
        self.lock.unlocked.connect(self.library.unlock)
        self.lock.unlocked.connect(stream.resume)
        self.lock.cleared.connect(lambda: self._forget(self._opening.forget_all()))

    def _take_sign_in(self) -> None:
        self._window.notice.withdraw(_sign_in_again_words)
        self._window.bar.set_signed_in(True)
        if not self.lock.is_locked:
            self.streaming.resume()

    def _take_record(self, record: PatientRecord) -> None:
        self.record.set_record(record)
        launched, self._launched = self._launched, None
        if launched is not None and record.study(launched.study_uid) is not None:
            self.panel.studies.choose(launched.study_uid)
            self.controller.open_study(launched.study_uid, with_priors=launched.with_priors)

    def _take_opened(self, record: PatientRecord, opened: Opened) -> None:
        self.library.close()
        self.record.set_record(record)
        self.streaming.open(record, opened, partial(self._refuse, record))
        if opened.keeping is None:
            self._window.notice.show_words(_memory_only_words)

    def _refuse(self, _record: PatientRecord, error: WorldError) -> None:
        if error.code in {"consent_revoked", "no_sharing_consent", "restricted", "role", "location_mismatch"}:
            self.controller.refuse(error, None)
        else:
            self._window.tell_error(error)

    def _tell_sign_in(self) -> None:
        if self.lock.is_locked:
            return
        sign_in = partial(self.controller.sign_in_again, self.panel.close_panel)
        self._window.notice.show_words(
            _sign_in_again_words, is_passing=False, tone="warning", action=(_sign_in_words, sign_in)
        )

    def _tell_kept(self, is_whole: bool) -> None:  # noqa: FBT001 - a Qt slot
        if not is_whole:
            self._window.notice.show_words(_not_whole_words)

    def _tell_shown(self) -> None:
        models = self._window.presenting.models
        uids = dict.fromkeys(model.study.uid for model in models if model.study is not None)
        self.record.set_shown(tuple(uids))

    def _end_access(self) -> None:
        self.streaming.close()
        self.library.close()
        self.record.set_record(None)

    def _forget(self, keys: Iterable[StackKey]) -> None:
        self._window.forget(tuple(keys))

    def _drop_secrets(self) -> None:
        self.library.drop_keys()
        self.streaming.drop_keys()

        def drop(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            services = self.services.made
            if services is not None and services.session is not None:
                services.session.tokens.drop_tokens()

        self._jobs.start(JobKind.NETWORK, "quiet lock", drop, on_result=lambda _none: None)

    def stop(self) -> None:
        """The window closes: before its volumes do."""
        self.lock.stop()
        self.library.stop()
        self.streaming.stop()

    def close(self) -> None:
        """No job runs any more: connections and library go."""
        self.services.close()


def _emergency_words() -> str:
    return translate("StoreDesk", "Emergency access is in use. Every image opened is on record and will be reviewed.")


def _memory_only_words() -> str:
    return translate(
        "StoreDesk", "This computer has no key ring: the images stay in memory only and are gone when Diptych ends."
    )


def _sign_in_again_words() -> str:
    return translate("StoreDesk", "The sign-in has ended. Sign in again to go on; what has come stays.")


def _sign_in_words() -> str:
    return translate("StoreDesk", "Sign in again")


def _not_whole_words() -> str:
    return translate("StoreDesk", "Not every image of these studies could be kept. What is on screen is not affected.")
