"""Look-ups over one catalogue: from a stack's key to its series, study and place in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Catalogue, Study


class CatalogueIndex:
    """An immutable index; build a new one when the catalogue changes."""

    def __init__(self, catalogue: Catalogue, unchanged: Mapping[StackKey, Stack] | None = None) -> None:
        """``unchanged`` are stacks on screen that must not grow under the reader while a scan runs."""
        self.catalogue = catalogue
        self._stacks: dict[StackKey, Stack] = {}
        self._series: dict[StackKey, Series] = {}
        self._studies: dict[StackKey, Study] = {}
        for study in catalogue.studies:
            for series in study.series:
                for stack in series.stacks:
                    self._stacks[stack.key] = stack
                    self._series[stack.key] = series
                    self._studies[stack.key] = study
        self._stacks.update(unchanged or {})

    @property
    def stacks(self) -> Mapping[StackKey, Stack]:
        """Every displayable stack by its key."""
        return self._stacks

    def series_of(self, key: StackKey) -> Series | None:
        """The series a stack belongs to."""
        return self._series.get(key)

    def study_of(self, key: StackKey) -> Study | None:
        """The study a stack belongs to."""
        return self._studies.get(key)

    def study_by_key(self, study_key: str) -> Study | None:
        """The study of that key, which parts patients who share one Study Instance UID."""
        return next((study for study in self.catalogue.studies if study.key == study_key), None)

    def newest_date(self) -> date | None:
        """The date of the newest study, or ``None`` when no study has one."""
        return max((study.study_date for study in self.catalogue.studies if study.study_date), default=None)
