"""Collect the licence texts of everything that the packaged application carries into one folder.

``collect_licences.py FOLDER``. Reads what is installed beside this Python for every package in ``requirements.lock``.
A package that ships no text is listed with its declared licence, and the run fails if the licence is one that the
application must not carry.
"""

from __future__ import annotations

import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TEXT = re.compile(r"(^|/)(licen[cs]es?|copying|notice|authors|thirdparty)([._-][^/]*)?($|/)", re.IGNORECASE)
_FORBIDDEN = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)

#: Qt's wheels declare the LGPL and ship no text of it; the LGPL refers to the GPL's text.
_LGPL_TEXTS = ("LGPL-3.0.txt", "GPL-3.0.txt")


def locked_names() -> list[str]:
    """Return the packages of the application's lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)))


def declared(package: Distribution) -> str:
    """Return what the package says its licence is, in one line."""
    fields = package.metadata
    classifiers = [
        line.rpartition(" :: ")[2] for line in fields.get_all("Classifier") or [] if line.startswith("License")
    ]
    stated = fields.get("License-Expression") or "; ".join(classifiers) or fields.get("License") or "not stated"
    return stated.strip().splitlines()[0][:120]


def collect(target: Path) -> list[str]:
    """Write the texts; return one line for each package: name, version, licence, number of texts."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    lines = []
    for name in locked_names():
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another system or Python
        files = [file for file in package.files or [] if _TEXT.search(str(file)) and file.suffix not in {".py", ".pyc"}]
        for number, file in enumerate(files):
            source = Path(str(file.locate()))
            if source.is_file():
                folder = target / name
                folder.mkdir(exist_ok=True)
                shutil.copyfile(
                    source, folder / (source.name if not (folder / source.name).exists() else f"{number}-{source.name}")
                )
        if not files and "LGPL-3.0" in declared(package):
            for text in _LGPL_TEXTS:
                (target / name).mkdir(exist_ok=True)
                shutil.copyfile(ROOT / "packaging" / "licences" / text, target / name / text)
            files = list(_LGPL_TEXTS)
        lines.append(f"{name} {package.version}\t{declared(package)}\t{len(files)} texts")
    (target / "PACKAGES.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copyfile(ROOT / "LICENSE", target / "DIPTYCH-LICENSE.txt")
    return lines


def main() -> int:
    """Collect and say what was found; 1 where a licence is forbidden."""
    lines = collect(Path(sys.argv[1]))
    # LGPL (Qt) is allowed: its libraries lie in the folder as files of their own and can be replaced.
    forbidden = [line for line in lines if _FORBIDDEN.search(line) and "LGPL" not in line and "Lesser" not in line]
    for line in forbidden:
        print(f"licences: must not be carried: {line}", file=sys.stderr)
    print(f"licences: {len(lines)} packages, texts in {sys.argv[1]}")
    return 1 if forbidden else 0


if __name__ == "__main__":
    sys.exit(main())
