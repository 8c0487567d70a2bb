from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np
import pytest

from viewer.rendering import choose_renderer
from viewer.rendering.choose_renderer import GlKind, GlProbe, RendererSetting, kind_of_device, make_renderer, probe_gl
from viewer.rendering.gl_probe import known_picture, ramp_request
from viewer.rendering.reference_renderer import ReferenceRenderer


@pytest.fixture(autouse=True)
def forget_probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(choose_renderer.OVERRIDE, raising=False)
    probe_gl.cache_clear()
    yield
    probe_gl.cache_clear()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", GlKind.SOFTWARE),
        ("GDI Generic", GlKind.SOFTWARE),
        ("Microsoft Basic Render Driver", GlKind.SOFTWARE),
        ("NVIDIA RTX A2000/PCIe/SSE2", GlKind.HARDWARE),
        ("Mesa Intel(R) UHD Graphics 630 (CFL GT2)", GlKind.HARDWARE),
        ("", GlKind.NONE),
    ],
)
def test_software_is_known_by_its_name(name: str, kind: GlKind) -> None:
    assert kind_of_device(name) is kind


@pytest.mark.vtk
def test_the_probe_answers_from_a_child_that_is_gone_afterwards() -> None:
    probe = probe_gl(60.0)
    assert probe.kind in set(GlKind)
    if probe.kind is not GlKind.NONE:
        assert probe.device
        assert probe.texture_limit >= 1024
    assert not [child for child in multiprocessing.active_children() if child.name == "gl-probe"]
    assert probe_gl(60.0) is probe


def _say_nothing(connection: Connection) -> None:
    time.sleep(60)


def _crash(connection: Connection) -> None:
    os._exit(139)


def _babble(connection: Connection) -> None:
    connection.send_bytes(b"[1, 2")


def _lie(connection: Connection) -> None:
    connection.send_bytes(
        b'{"renderer": "NVIDIA", "is_right": false, "reason": "the picture is another", "texture_limit": 99}'
    )


@pytest.mark.parametrize(
    ("child", "limit_s", "reason"),
    [
        (_say_nothing, 0.3, "no picture within"),
        (_crash, 30.0, "crashed"),
        (_babble, 30.0, "makes no sense"),
        (_lie, 30.0, "the picture is another"),
    ],
)
def test_a_driver_that_hangs_crashes_or_lies_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, child: object, limit_s: float, reason: str
) -> None:
    monkeypatch.setattr(choose_renderer, "answer", child)
    started = time.monotonic()
    probe = probe_gl(limit_s)
    assert probe.kind is GlKind.NONE
    assert reason in probe.reason
    assert time.monotonic() - started < 25.0


@pytest.mark.parametrize("kind", [GlKind.SOFTWARE, GlKind.NONE])
def test_without_a_real_gpu_the_reference_renderer_draws(monkeypatch: pytest.MonkeyPatch, kind: GlKind) -> None:
    monkeypatch.setattr(choose_renderer, "probe_gl", lambda: GlProbe(kind))
    renderer = make_renderer()
    assert renderer.name == "reference"
    renderer.close()


def test_the_environment_overrides_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_probe() -> GlProbe:
        raise AssertionError("probed although told")

    monkeypatch.setattr(choose_renderer, "probe_gl", no_probe)
    monkeypatch.setenv(choose_renderer.OVERRIDE, "Reference")
    renderer = make_renderer(RendererSetting.VTK)
    assert renderer.name == "reference"
    renderer.close()


def test_an_unknown_word_in_the_environment_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(choose_renderer.OVERRIDE, "fastest")
    renderer = make_renderer(RendererSetting.REFERENCE)
    assert renderer.name == "reference"
    assert "fastest" in caplog.text
    renderer.close()


def test_the_known_picture_is_what_a_right_renderer_draws() -> None:
    renderer = ReferenceRenderer(table_source=lambda _frame, _presentation: known_picture().ravel())
    picture = renderer.render(ramp_request())
    renderer.close()
    assert picture is not None
    assert np.array_equal(picture, known_picture())
