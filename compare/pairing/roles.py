"""Which study is current and which prior: by dates alone, never by the order in which they came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from compare.session.comparison_session import Role
from loaders.model.study import Study


def study_key_of(study: Study) -> str:
    """The study's key, which parts two patients under one Study Instance UID; the UID where none was needed."""
    return study.key or study.uid


def newest_first(studies: Iterable[Study]) -> tuple[Study, ...]:
    """Return the studies newest first, those without a date last; equal ones by key, so any arrival order gives one."""
    return tuple(sorted(studies, key=_order))


def roles_of(studies: Iterable[Study]) -> dict[str, Role]:
    """Return each study's role by key.

    The newest is current and all older ones are prior. Where the newest date is shared by two studies and their times
    do not part them, those are ``UNKNOWN``; a study without a date is always ``UNKNOWN``, and so is the rest beside
    it, since the one without a date may be the newest. A study date that contradicts the acquisition dates of its own
    series (acquired *after* a later study's date) is not believed either.
    """
    known = newest_first(studies)
    roles = {study_key_of(study): Role.UNKNOWN for study in known}
    if not known or any(study.study_date is None for study in known) or _contradict(known):
        return roles
    newest_date = known[0].study_date
    same_day = [study for study in known if study.study_date == newest_date]
    if len(same_day) > 1:
        times = [study.study_time for study in same_day]
        latest = max((value for value in times if value is not None), default=None)
        if None in times or times.count(latest) > 1:
            older = [study for study in known if study.study_date != newest_date]
            return roles | {study_key_of(study): Role.PRIOR for study in older}
    for study in known:
        roles[study_key_of(study)] = Role.PRIOR
    roles[study_key_of(known[0])] = Role.CURRENT
    return roles


def _contradict(known: tuple[Study, ...]) -> bool:
    """Whether study dates and acquisition dates put two studies in opposite orders."""
    acquired = {
        study_key_of(study): max((s.acquisition_date for s in study.series if s.acquisition_date), default=None)
        for study in known
    }
    for newer_index, newer in enumerate(known):
        for older in known[newer_index + 1 :]:
            a, b = acquired[study_key_of(newer)], acquired[study_key_of(older)]
            if a and b and newer.study_date != older.study_date and a < b:
                return True
    return False


def _order(study: Study) -> tuple[int, float, str]:
    if study.study_date is None:
        return (1, 0.0, study_key_of(study))
    moment = datetime.combine(study.study_date, study.study_time or time())
    seconds = (moment.replace(tzinfo=None) - datetime(1, 1, 1)).total_seconds()  # noqa: DTZ001 - DICOM has local time
    return (0, -seconds, study_key_of(study))
