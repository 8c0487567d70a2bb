"""``diptych://open?...``: what a hospital system asks the application to open. Pure; nothing is trusted."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from loaders.errors import WorldError

_UID = re.compile(r"^[0-9]+(\.[0-9]+)*$")
_STORE = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_LONGEST = 2048
_KEYS = frozenset({"store", "patient", "birth-date", "study", "system", "priors"})


class LaunchRefused(WorldError):
    """The address asks for something that cannot be, or in a way that is not allowed."""

    code = "launch_refused"


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A patient at a store, and perhaps the study to show; ``with_priors`` also fetches the relevant earlier ones."""

    store: str
    patient_id: str
    birth_date: str
    study_uid: str = ""
    identifier_system: str = ""
    with_priors: bool = True


def parse_launch(address: str) -> LaunchRequest:
    """Read a launch address. Raises ``LaunchRefused``: unknown or doubled words are refused, not guessed at."""
    if len(address) > _LONGEST or any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in address):
        raise LaunchRefused("the address is too long, or holds characters that no address has")
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=len(_KEYS))
    except ValueError as error:
        raise LaunchRefused("the address cannot be read") from error
    if parts.scheme != "diptych" or parts.netloc != "open" or parts.path not in {"", "/"} or parts.fragment:
        raise LaunchRefused("only diptych://open?... is understood")
    given = dict(pairs)
    if len(given) != len(pairs) or given.keys() - _KEYS:
        raise LaunchRefused("the address says something twice, or something unknown")
    request = LaunchRequest(
        given.get("store", ""),
        given.get("patient", "").strip(),
        given.get("birth-date", ""),
        given.get("study", ""),
        given.get("system", ""),
        given.get("priors", "1") == "1",
    )
    _check(request, given.get("priors", "1"))
    return request


def _check(request: LaunchRequest, priors: str) -> None:
    try:
        dt.date.fromisoformat(request.birth_date)
    except ValueError as error:
        raise LaunchRefused("the birth date is missing, or no day of the calendar") from error
    patient = request.patient_id
    is_one_patient = 0 < len(patient) <= 64 and patient.isprintable() and not set(patient) & set("*?\\")
    is_study = not request.study_uid or (len(request.study_uid) <= 64 and _UID.match(request.study_uid))
    if not (_STORE.match(request.store) and is_one_patient and is_study and priors in {"0", "1"}):
        raise LaunchRefused("store, patient and study must name one of each")
