"""Why a report was not written."""

from __future__ import annotations

from loaders.errors import WorldError


class ReportRefused(WorldError):
    """A report would not say what is on the screen, or there is nothing that can be said in it."""

    code = "report_refused"
