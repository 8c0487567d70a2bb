"""What the packaged application needs, checked without building it; ``make soak`` builds and starts it."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from loaders.pixels.decoder_table import DECODERS
from loaders.workers.task_table import TASKS, WARM_UP
from viewer.app.command_line import VERBS

ROOT = Path(__file__).resolve().parents[2]


def load_script(path: Path) -> ModuleType:
    """Import a file of packaging/, which is no package."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def hidden() -> set[str]:
    return set(load_script(ROOT / "packaging" / "pyinstaller" / "hidden_imports.py").hidden_imports())


def test_every_hidden_import_is_there(hidden: set[str]) -> None:
    assert [name for name in hidden if find_spec(name) is None] == []


def test_what_is_looked_up_by_name_is_packed(hidden: set[str]) -> None:
    verbs = {module for module, _ in VERBS.values()}
    tasks = {target.partition(":")[0] for target in TASKS.values()}
    own_warm_up = {name for name in WARM_UP if name.startswith("loaders.")}
    assert (verbs | tasks | own_warm_up) - hidden == set()


def test_every_decoder_is_packed(hidden: set[str]) -> None:
    packages = {decoder.package for decoders in DECODERS.values() for decoder in decoders}
    roots = {name.partition(".")[0] for name in hidden}
    assert {package.partition(".")[0] for package in packages} - roots == set()


def test_every_key_ring_of_this_system_is_packed(hidden: set[str]) -> None:
    known = {point.value.partition(":")[0] for point in entry_points(group="keyring.backends")}
    assert {name for name in known if find_spec(name)} - hidden == set()


def test_the_description_parses_and_packs_the_data() -> None:
    text = (ROOT / "packaging" / "pyinstaller" / "diptych.spec").read_text(encoding="utf-8")
    ast.parse(text)
    for needed in ("resources", "pyproject.toml", "LICENSE", "licences"):
        assert needed in text


def test_a_worker_goes_no_further_than_the_first_line() -> None:
    """In the frozen program a worker is ``diptych --multiprocessing-fork``: it must not load the window first."""
    tree = ast.parse((ROOT / "main.py").read_text(encoding="utf-8"))
    at_top = {name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names}
    from_top = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert at_top | from_top == {"multiprocessing", "sys", "__future__"}
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    before = []
    for statement in main.body:
        if isinstance(statement, ast.ImportFrom):
            break  # the application's own import
        before.append(statement)
    imported = {node.module for line in before for node in ast.walk(line) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"loaders.workers.worker_process"}
    assert "multiprocessing.freeze_support()" in {ast.unparse(line) for line in before}


def test_licences_are_collected_and_none_is_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = load_script(ROOT / "packaging" / "collect_licences.py")
    monkeypatch.setattr(sys, "argv", ["collect_licences.py", str(tmp_path / "licences")])
    assert script.main() == 0
    lines = (tmp_path / "licences" / "PACKAGES.tsv").read_text(encoding="utf-8").splitlines()
    # pyjpegls declares MIT and ships no text.
    assert {line.split()[0] for line in lines if line.endswith("\t0 texts")} <= {"pyjpegls"}
    assert (tmp_path / "licences" / "pyside6-essentials" / "LGPL-3.0.txt").exists()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_packaged_application_starts() -> None:
    """Builds it: minutes. The start itself is the script's; it raises when anything is missing."""
    script = load_script(ROOT / "packaging" / "build_package.py")
    script.build()
    script.start_once()
