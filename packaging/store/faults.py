"""What can go wrong in an answer, as a change of its status, headers and body (or of how the body is sent)."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer before it is sent. ``chunks`` may stop early or dawdle; ``declared`` overrides Content-Length."""

    status: int
    headers: dict[str, str]
    body: bytes
    pace: Callable[[bytes], Iterator[bytes]] | None = None
    declared: int | None = None
    aborts: bool = False


@dataclass(slots=True)
class PlannedFault:
    """A fault for the next ``count`` answers of a phase (query, metadata, pixels), after ``skip`` sound ones."""

    phase: str
    name: str
    count: int = 1
    skip: int = 0
    facts: dict[str, str] = field(default_factory=dict)


def phase_of(path: str) -> str:
    """Tell which part of a retrieval a DICOMweb path belongs to."""
    if path.endswith("/metadata"):
        return "metadata"
    is_pixels = "/frames/" in path or re.search(r"/series/[^/]+(/instances/[^/]+)?$", path)
    return "pixels" if is_pixels else "query"


def apply(fault: PlannedFault, answer: Answer) -> Answer:
    """Return the answer as the fault leaves it. Raises ``KeyError`` for a fault nobody knows."""
    return FAULTS[fault.name](answer)


def _status(status: int, body: bytes = b"", **headers: str) -> Callable[[Answer], Answer]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _answer: Answer(status, {"Content-Type": "application/json", **given}, body)


def _boundary(answer: Answer) -> bytes:
    match = re.search(r'boundary="?([^";]+)', answer.headers.get("Content-Type", ""))
    return match[1].encode() if match else b""


def _with_type(answer: Answer, change: Callable[[str], str]) -> Answer:
    return replace(answer, headers={**answer.headers, "Content-Type": change(answer.headers.get("Content-Type", ""))})


def _cut(share: float, *, aborts: bool = True) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        return replace(
            answer, body=answer.body[: int(len(answer.body) * share)], declared=len(answer.body), aborts=aborts
        )

    return change


def _cut_mid_boundary(answer: Answer) -> Answer:
    at = answer.body.rfind(b"--" + _boundary(answer))
    return replace(answer, body=answer.body[: at + 6])


def _no_closing_boundary(answer: Answer) -> Answer:
    closing = b"--" + _boundary(answer) + b"--"
    return replace(answer, body=answer.body.replace(closing, b""))


def _boundary_in_payload(answer: Answer) -> Answer:
    """Write the boundary into the middle of the last part's payload: only its length tells that it is none."""
    body = bytearray(answer.body)
    mark = b"\r\n--" + _boundary(answer)
    at = body.rfind(mark) - 2000
    body[at : at + len(mark)] = mark
    return replace(answer, body=bytes(body))


def _doubled(answer: Answer) -> Answer:
    mark = b"--" + _boundary(answer)
    parts = answer.body.split(mark)
    if len(parts) < 3:
        return answer
    return replace(answer, body=mark.join([parts[0], parts[1], *parts[1:]]))


def _reversed(answer: Answer) -> Answer:
    mark = b"--" + _boundary(answer)
    parts = answer.body.split(mark)
    return replace(answer, body=mark.join([parts[0], *reversed(parts[1:-1]), parts[-1]]))


def _text_changed(find: bytes, put: bytes) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=re.sub(find, put, answer.body))


def _paced(size: int, pause_s: float) -> Callable[[Answer], Answer]:
    def pace(body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            time.sleep(pause_s)
            yield body[start : start + size]

    return lambda answer: replace(answer, pace=pace)


def _late(answer: Answer) -> Answer:
    time.sleep(0.5)
    return answer


def _gzip_bomb(answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=gzip.compress(bytes(64 << 20)))


def _json_changed(change: Callable[[list[object]], object]) -> Callable[[Answer], Answer]:
    def apply_to(answer: Answer) -> Answer:
        try:
            document = json.loads(answer.body)
        except ValueError:
            return answer
        return replace(answer, body=json.dumps(change(document)).encode()) if isinstance(document, list) else answer

    return apply_to


_HTML = b"<html><body>Please sign in to the proxy</body></html>"
FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "late": _late,
    "sliced": _paced(7, 0.0005),
    "dawdling": _paced(1 << 14, 0.05),
    "cut_first": _cut(0.01),
    "cut_half": _cut(0.5),
    "cut_last": _cut(0.99),
    "cut_mid_boundary": _cut_mid_boundary,
    "no_closing_boundary": _no_closing_boundary,
    "wrong_boundary": lambda answer: _with_type(
        answer, lambda kind: re.sub(r'boundary="?[^";]+"?', "boundary=no", kind)
    ),
    "unquoted_boundary": lambda answer: _with_type(answer, lambda kind: kind.replace('"', "")),
    "boundary_in_payload": _boundary_in_payload,
    "length_too_large": lambda answer: replace(answer, declared=len(answer.body) + 1000, aborts=True),
    "html_200": lambda _answer: Answer(200, {"Content-Type": "text/html"}, _HTML),
    "html_502": lambda _answer: Answer(502, {"Content-Type": "text/html"}, _HTML),
    "gzip_bomb": _gzip_bomb,
    "401": _status(401),
    "403": _status(403, b'{"code":"role"}'),
    "404": _status(404),
    "407": _status(407),
    "429": _status(429, Retry_After="1"),
    "429_without_time": _status(429),
    "500": _status(500),
    "503": _status(503, Retry_After="1"),
    "504": _status(504),
    "204": lambda _answer: Answer(204, {}, b""),
    "partial": lambda answer: replace(answer, status=206),
    "duplicate": _doubled,
    "reversed": _reversed,
    "redirect_http": lambda _answer: Answer(302, {"Location": "http://127.0.0.1:9/"}, b""),
    "redirect_elsewhere": lambda _answer: Answer(307, {"Location": "https://127.0.0.2:9/"}, b""),
    "other_patient": _text_changed(rb"A123456\(3\)", rb"B999999(9)"),
    "json_deep": lambda answer: replace(answer, body=b"[" * 100_000),
    "json_nan": lambda answer: replace(answer, body=b'[{"00200013":{"vr":"IS","Value":[NaN]}}]'),
    "json_cut": lambda answer: replace(answer, body=answer.body[:-5]),
    "page_repeated": _json_changed(lambda rows: rows + rows[:1]),
    "row_omitted": _json_changed(lambda rows: rows[:-1]),
}
