"""A store as configuration: addresses, sign-in service, certificates, and what it does in its own way."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import platformdirs

from loaders.transport.store_errors import StoreError

_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class ProfileError(StoreError):
    """A profile is missing, doubled, or says something that cannot be."""

    code = "store_profile"


@dataclass(frozen=True, slots=True)
class StoreProfile:
    """Where a store is and how it wants to be asked. Holds no secret: certificates are named by their files.

    ``patient_search`` is ``fhir`` (POST, so that no identifier stands in an address) or ``qido`` (GET with the
    Patient ID in the address, for stores that know nothing else). Roots are paths below ``url``.
    """

    name: str
    url: str
    issuer: str = ""
    client_id: str = "diptych"
    audience: str = ""
    scope: str = "openid offline_access imaging.read report.read allergy.read"
    authority: str = ""
    certificate: str = ""
    key: str = ""
    proxy: str = ""
    dicomweb_root: str = "/dicom-web"
    fhir_root: str = "/fhir"
    access_root: str = "/access"
    patient_search: str = "fhir"
    connections: int = 6
    #: On a shared workstation nothing that opens the store survives the application (refresh token, library key).
    is_shared_workstation: bool = True

    def checked(self) -> Self:
        """Return itself. Raises ``ProfileError`` for anything but HTTPS addresses and a plain name."""
        if not self.name or set(self.name) - _NAME_LETTERS or self.name.startswith("."):
            raise ProfileError(f"a store's name is of letters, digits, - _ and . only: {self.name!r}")
        for address in filter(None, (self.url, self.issuer)):
            parts = urlsplit(address)
            if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
                raise ProfileError(f"not an https address: {address}")
        if self.patient_search not in {"fhir", "qido"}:
            raise ProfileError("patient_search is fhir or qido")
        return self


class ProfileFile:
    """The profiles of this user, one JSON file without secrets."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or platformdirs.user_config_path("diptych") / "stores.json"

    def all(self) -> list[StoreProfile]:
        """Return every profile. Raises ``ProfileError`` where the file cannot be read."""
        if not self._path.is_file():
            return []
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            known = {field.name for field in fields(StoreProfile)}
            return [StoreProfile(**_known(row, known)).checked() for row in rows]
        except (OSError, ValueError, TypeError) as error:
            raise ProfileError(f"{self._path} cannot be read: {type(error).__name__}") from error

    def get(self, name: str) -> StoreProfile:
        """Return one profile. Raises ``ProfileError``."""
        for profile in self.all():
            if profile.name == name:
                return profile
        known = ", ".join(profile.name for profile in self.all()) or "none"
        raise ProfileError(f"no store named {name!r}; known: {known}")

    def put(self, profile: StoreProfile) -> None:
        """Add a profile, or replace the one of the same name. Raises ``ProfileError``."""
        rows = [each for each in self.all() if each.name != profile.name] + [profile.checked()]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(prefix=".stores-", dir=self._path.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump([asdict(each) for each in rows], stream, ensure_ascii=False, indent=2)
            Path(temporary).replace(self._path)
        except OSError as error:
            raise ProfileError(f"{self._path} cannot be written: {error.strerror}") from error


def _known(row: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Leave out what a later version wrote."""
    return {name: value for name, value in row.items() if name in known}
