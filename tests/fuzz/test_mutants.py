"""A fixed sample of mutants on every run; ``make fuzz N=...`` runs as many as one likes."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from loaders.discovery.header_scan import read_header
from loaders.workers.worker_pool import WorkerPool
from tests.fuzz.campaign import Heartbeat, run_mutants
from tests.fuzz.mutator import mutants

pytestmark = pytest.mark.xdist_group("fuzz")

_SEED = 20260
_LOADED, _HEADERS_ONLY = 1500, 3500
_LARGEST_GROWTH_MB = 96


@pytest.mark.timeout(300)
def test_mutants_leave_the_application_alone(tmp_path: Path) -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with WorkerPool(2) as pool, Heartbeat() as heart:
        total = run_mutants(mutants(_LOADED, _SEED), pool, tmp_path)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    assert total.shown > _LOADED / 20, "the mutator leaves nothing sound: it would not reach the pixels"
    assert total.failed_frames > _LOADED / 40, "the mutator does not reach the pixels"
    assert "malformed" in total.codes
    assert "worker_lost" not in total.codes or total.codes["worker_lost"] < _LOADED / 50
    assert heart.longest_stall_s < 0.1
    assert grown_mb < _LARGEST_GROWTH_MB


def test_headers_of_mutants_give_records() -> None:
    statuses = {read_header(data)["status"] for data in mutants(_HEADERS_ONLY, _SEED + 1)}
    assert statuses == {"image", "object", "directory", "not_dicom", "problem"}
