"""Where a PACS is, and the small answers that cross from the process that speaks DIMSE."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.transport.store_errors import StoreError, StoreUnreachable


@dataclass(frozen=True, slots=True)
class DimsePeer:
    """A PACS. With ``authority`` set the association runs in TLS 1.2 or newer, verified against it."""

    host: str
    port: int
    called_ae: str
    calling_ae: str = "DIPTYCH"
    authority: str = ""
    certificate: str = ""
    key: str = ""
    timeout_s: float = 30.0


class AssociationRefused(StoreError):
    """The PACS does not take this workstation, or not for this service."""

    code = "association_refused"


class DimseFailed(StoreUnreachable):
    """The PACS cannot be reached, or broke off."""

    code = "dimse_failed"
