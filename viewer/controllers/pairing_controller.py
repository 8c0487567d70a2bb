"""What is known of pairs beyond the headers: looks at the pictures, asks the reader, and remembers his answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from compare.pairing.body_region import RegionShares
from compare.pairing.pairing_rule import PairingRule, rule_name, with_rule, without_rules_of
from compare.pairing.region_reading import regions_of, series_to_look_at
from compare.pairing.roles import newest_first, study_key_of
from compare.pairing.series_features import features_of
from compare.pairing.series_pairs import Pairing, SeriesPair
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Study
from loaders.model.volume import Volume
from loaders.pixels.single_frame import load_single_frame, single_frame_of
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.hanging_controller import HangingController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.settings_controller import SettingsController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.panels.pair_bar import PairBar
from viewer.panels.pairing_rules_dialog import PairingRulesDialog

translate = QCoreApplication.translate
#: Behind everything that is on screen, and behind thumbnails.
_PRIORITY = 12
_JOB = "quiet look at the body"


@dataclass(frozen=True, slots=True)
class _Hung:
    """Two series of two studies that hang side by side, the newer first."""

    current: Series
    prior: Series

    @property
    def uids(self) -> tuple[str, str]:
        return self.current.uid, self.prior.uid


class PairingController(QObject):
    """Signal: ``told(Callable[[], str])``, that a pair will be remembered."""

    told = Signal(object)

    def __init__(  # noqa: PLR0917 - the parts it stands between
        self,
        session: SessionController,
        hanging: HangingController,
        settings: SettingsController,
        volumes: VolumeStore,
        jobs: JobRunner,
        bar: PairBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._hanging, self._settings = session, hanging, settings
        self._volumes, self._jobs, self._bar, self._window = volumes, jobs, bar, window
        self._pairing: tuple[tuple[str, ...], Pairing] | None = None
        self._looked_at: set[str] = set()
        self._dropped: int | None = None
        self._told: object = None
        hanging.knowledge = replace(hanging.knowledge, rules=settings.settings.pairing_rules)
        hanging.pairing_made.connect(self._take_pairing)
        session.session_changed.connect(lambda _before, _after: self._tell())
        bar.answered.connect(self._answer)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"pairing_rules": self.open_rules}

    def open_rules(self) -> None:
        """Show the rules, to take them back."""
        dialog = PairingRulesDialog(self._settings.settings.pairing_rules, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.removed.connect(
            lambda rule: self._use(tuple(one for one in self._settings.settings.pairing_rules if one != rule))
        )
        dialog.open()

    def remember_drop(self, index: int, _key: StackKey) -> None:
        """The reader hung a series himself: from now on it goes with what hangs beside it."""
        self._dropped = index
        self._learn()

    # ---- inside

    def _take_pairing(self, studies: tuple[Study, ...], pairing: Pairing) -> None:
        self._pairing = (tuple(study_key_of(study) for study in studies), pairing)
        unknown = [one for one in series_to_look_at(pairing) if one.uid not in self._looked_at]
        if unknown:
            self._look_at(unknown)
        self._learn()
        self._tell()

    def _look_at(self, series: list[Series]) -> None:
        self._looked_at |= {one.uid for one in series}
        volumes = self._volumes

        def work(cancel: CancelToken, _progress: ProgressCallback) -> dict[str, RegionShares]:
            found: dict[str, RegionShares] = {}

            def load(stack: Stack, index: int) -> Volume:
                held = volumes.volume(stack)
                there = single_frame_of(held, index) if held is not None else None
                if there is not None:
                    return there
                source, budget = volumes.source_of(stack), volumes.budget
                return load_single_frame(
                    stack, index, volumes.pool, budget, source=source, priority=_PRIORITY, cancel=cancel
                )

            for one in series:
                cancel.raise_if_cancelled()
                found |= regions_of([one], load)
            return found

        self._jobs.start(JobKind.READ, _JOB, work, on_result=self._take_regions)

    def _take_regions(self, found: dict[str, RegionShares]) -> None:
        if found:
            known = self._hanging.knowledge
            self._hanging.know(replace(known, regions={**known.regions, **found}))

    def _hung(self) -> _Hung | None:
        """The two series on screen where there are just two, of two studies."""
        index = self._session.index
        found: dict[str, tuple[Study, dict[str, Series]]] = {}
        for viewport in self._session.session.viewports:
            study = index.study_of(viewport.stack) if viewport.stack else None
            series = index.series_of(viewport.stack) if viewport.stack else None
            if study is not None and series is not None:
                found.setdefault(study_key_of(study), (study, {}))[1][series.uid] = series
        if len(found) != 2 or any(len(series) != 1 for _, series in found.values()):
            return None
        order = newest_first(study for study, _ in found.values())
        current, prior = (next(iter(found[study_key_of(study)][1].values())) for study in order)
        return _Hung(current, prior)

    def _suggested(self, hung: _Hung) -> SeriesPair | None:
        if self._pairing is None:
            return None
        return next((one for one in self._pairing[1].pairs if (one.current.uid, one.prior.uid) == hung.uids), None)

    def _learn(self) -> None:
        """Turn a drop into a rule, once the pairing that it corrects is known."""
        hung = self._hung() if self._dropped is not None else None
        if hung is None or self._pairing is None or not self._is_of_hung():
            return
        self._dropped = None
        names = _names(hung)
        suggested = self._suggested(hung)
        rules = self._settings.settings.pairing_rules
        if names is None:
            return
        if suggested is not None:
            # Natural, or ruled already: what an earlier drop on the way here joined otherwise is taken back.
            is_ruled = any(reason.code == "rule" for reason in suggested.reasons)
            self._use(rules if is_ruled or not suggested.is_certain else without_rules_of(rules, *names))
            return
        self._use(with_rule(rules, PairingRule(*names)))
        self.told.emit(partial(_remembered_words, *names))

    def _is_of_hung(self) -> bool:
        hung = {viewport.study_key for viewport in self._session.session.viewports if viewport.stack is not None}
        return self._pairing is not None and set(self._pairing[0]) == hung

    def _tell(self) -> None:
        hung = self._hung() if self._is_of_hung() else None
        told = (hung and hung.uids, self._pairing, self._settings.settings.pairing_rules)
        if told == self._told:  # every slice that is scrolled past comes here
            return
        self._told = told
        names = _names(hung) if hung is not None else None
        if hung is None or names is None:
            self._bar.clear()
            return
        suggested = self._suggested(hung)
        if suggested is not None and not suggested.is_certain:
            self._bar.ask(*names, suggested.doubts)
        elif suggested is None and self._rule_of(names) is False:
            self._bar.say_parted()
        else:
            self._bar.clear()

    def _rule_of(self, names: tuple[str, str]) -> bool | None:
        for rule in reversed(self._settings.settings.pairing_rules):
            if {rule.current_description, rule.prior_description} == set(names):
                return rule.is_pair
        return None

    def _answer(self, are_same_kind: bool) -> None:  # noqa: FBT001 - a signal's argument
        hung = self._hung()
        names = _names(hung) if hung is not None else None
        if names is None:
            return
        self._use(with_rule(self._settings.settings.pairing_rules, PairingRule(*names, is_pair=are_same_kind)))
        self.told.emit(partial(_remembered_words if are_same_kind else _parted_words, *names))

    def _use(self, rules: tuple[PairingRule, ...]) -> None:
        self._settings.change(pairing_rules=rules)
        self._hanging.know(replace(self._hanging.knowledge, rules=rules))


def _names(hung: _Hung) -> tuple[str, str] | None:
    current, prior = features_of(hung.current), features_of(hung.prior)
    return None if current is None or prior is None else (rule_name(current), rule_name(prior))


def _remembered_words(current: str, prior: str) -> str:
    text = translate("Pairing", "Remembered: {first} goes with {second}.")
    return text.format(first=current, second=prior)


def _parted_words(current: str, prior: str) -> str:
    text = translate("Pairing", "Remembered: {first} does not go with {second}.")
    return text.format(first=current, second=prior)
