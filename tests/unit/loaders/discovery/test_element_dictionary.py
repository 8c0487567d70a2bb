"""The written-down dictionary is pydicom's, and reading headers needs no more of pydicom."""

from __future__ import annotations

import subprocess
import sys

from pydicom.datadict import dictionary_VR, tag_for_keyword

from loaders.discovery.element_dictionary import ELEMENTS
from tests.support.shared_data import REPOSITORY


def test_every_row_is_the_data_dictionarys() -> None:
    for keyword, (tag, vr) in ELEMENTS.items():
        assert (tag, vr) == (tag_for_keyword(keyword), dictionary_VR(tag)), keyword


def test_headers_are_read_without_importing_pydicom_or_numpy() -> None:
    """A worker must be up in a tenth of a second. An element that is wanted and has no row in the table costs two."""
    code = (
        "import sys, loaders.workers.worker_process, loaders.discovery.header_scan; "
        "print([name for name in ('pydicom', 'numpy', 'multiprocessing') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
