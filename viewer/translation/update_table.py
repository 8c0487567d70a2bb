"""``make translations``: bring the table of words up to date with the sources, and say what is still to translate."""

from __future__ import annotations

import sys
from pathlib import Path

from viewer.translation.marked_strings import Findings, read_sources
from viewer.translation.word_table import TRANSLATED, Word, WordKey, parse_table, table_text

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "resources" / "translations" / "words.tsv"


def updated(words: tuple[Word, ...], findings: Findings) -> tuple[Word, ...]:
    """Return the words of the sources, with the translations there are; what no source holds any more goes.

    A new string that another context has word for word begins with that one's translation.
    """
    known = {word.key: word for word in words}
    alike = {word.key.english: word for word in words if not word.key.note and word.zh_hk and word.zh_cn}

    def of(key: WordKey) -> Word:
        twin = alike.get(key.english)
        fresh = Word(key, twin.zh_hk, twin.zh_cn, twin.english_singular) if twin and not key.note else Word(key)
        return known.get(key, fresh)

    return tuple(of(key) for key in sorted(findings.marked))


def main() -> int:
    """Rewrite the table; return 1 while a string is not translated or not marked."""
    findings = read_sources(ROOT / "viewer")
    lines: list[str] = []

    def choose(first: Word, second: Word) -> Word:
        kept, left = (first, second) if first.zh_hk and first.zh_cn else (second, first)
        lines.append(
            f"{first.key.english!r} was translated twice: {kept.zh_hk} | {kept.zh_cn} is kept, not {left.zh_hk}"
        )
        return kept

    before = parse_table(TABLE.read_text(encoding="utf-8"), choose)
    after = updated(before, findings)
    TABLE.write_text(table_text(after), encoding="utf-8")
    gone = {word.key for word in before} - {word.key for word in after}
    missing = [(word.key, tag) for word in after for tag in TRANSLATED if not word.in_language(tag)]
    lines += [f"{findings.marked[key]}: no {tag} for {key.context}: {key.english!r}" for key, tag in missing]
    lines += findings.faults
    lines.append(f"{len(after)} strings, {len(gone)} taken out, {len(missing)} translations missing")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missing or findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
