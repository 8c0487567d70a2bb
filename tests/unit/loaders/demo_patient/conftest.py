"""One small demo patient on disk for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.demo_patient import DemoSize, generate


@pytest.fixture(scope="session")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("disc") / "demo"
    generate(out, DemoSize.SMALL)
    return out
