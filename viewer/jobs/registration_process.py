"""Registration in a process of its own: the window's interpreter is never held up, and to cancel is to end it.

Numbers travel as raw bytes beside a small description, so that sending a large volume copies nothing under the lock
of the interpreter.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from compare.change.candidates import ChangeCandidate
from compare.change.list_changes import list_changes
from compare.registration.register import Aligned, Registration, register
from compare.registration.registration_image import RegistrationImage
from loaders.errors import WorldError
from loaders.progress import CancelToken, Progress, ProgressCallback, no_progress

_POLL_S = 0.1
#: The reader's window comes first.
_NICENESS = 10
_PROGRESS, _RIGID, _DONE = "progress", "rigid", "done"


class RegistrationStopped(WorldError):
    """The process that aligned two examinations ended without an answer."""

    code = "registration_stopped"


@dataclass(frozen=True, slots=True)
class ChangeList:
    """What :func:`changes_apart` found, without the voxels."""

    candidates: tuple[ChangeCandidate, ...]
    threshold: float
    unit: str


def register_apart(
    current: RegistrationImage,
    prior: RegistrationImage,
    *,
    cancel: CancelToken,
    progress: ProgressCallback,
    on_rigid: Callable[[Aligned], None],
) -> Registration:
    """Register as :func:`compare.registration.register.register` does, in a child process; call it off the window.

    ``on_rigid`` is called on this thread. Raises ``Cancelled`` within a tenth of a second of being asked to, and
    :class:`RegistrationStopped` when the child ends without an answer (memory ran out, or it was killed).
    """
    outcome: Registration = _asked((current, prior), None, cancel, progress, on_rigid)
    return outcome


def changes_apart(
    current: RegistrationImage, prior: RegistrationImage, aligned: Aligned, *, cancel: CancelToken
) -> ChangeList:
    """List changed places as :func:`compare.change.list_changes.list_changes` does, in a child process.

    Raises as :func:`register_apart`.
    """
    listed: ChangeList = _asked((current, prior), aligned, cancel, no_progress, lambda _aligned: None)
    return listed


def _asked(
    images: tuple[RegistrationImage, RegistrationImage],
    aligned: Aligned | None,
    cancel: CancelToken,
    progress: ProgressCallback,
    on_rigid: Callable[[Aligned], None],
) -> Any:  # noqa: ANN401 - whatever the child was asked for
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, aligned), name="diptych-registration", daemon=True)
    child.start()
    there.close()
    try:
        for image in images:
            _send(here, image)
        return _answer(here, cancel, progress, on_rigid)
    except (EOFError, OSError) as error:
        raise RegistrationStopped("the alignment ended without an answer") from error
    finally:
        here.close()
        _end(child)


def _answer(
    here: Connection, cancel: CancelToken, progress: ProgressCallback, on_rigid: Callable[[Aligned], None]
) -> Any:  # noqa: ANN401 - whatever the child was asked for
    while True:
        cancel.raise_if_cancelled()
        if not here.poll(_POLL_S):
            continue
        word, value = here.recv()
        if word == _DONE:
            return value
        if word == _RIGID:
            on_rigid(value)
        else:
            progress(value)


def _send(connection: Connection, image: RegistrationImage) -> None:
    values = np.ascontiguousarray(image.values)
    connection.send((replace(image, values=np.zeros((0, 0, 0), dtype=np.float32)), values.shape))
    connection.send_bytes(values.data.cast("B"))


def _receive(connection: Connection) -> RegistrationImage:
    image, shape = connection.recv()
    values = np.frombuffer(connection.recv_bytes(), dtype=np.float32).reshape(shape)
    received: RegistrationImage = replace(image, values=values)
    return received


def _end(child: BaseProcess) -> None:
    child.kill()
    child.join()
    child.close()


def _serve(connection: Connection, aligned: Aligned | None) -> None:
    """The child's life: take two images, say how far it is, answer once: an alignment, or what changed."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)

    def tell(progress: Progress) -> None:
        connection.send((_PROGRESS, progress))

    def tell_rigid(aligned: Aligned) -> None:
        connection.send((_RIGID, aligned))

    # The window has gone, or lost interest: there is nobody to answer.
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        current, prior = _receive(connection), _receive(connection)
        if aligned is None:
            connection.send((_DONE, register(current, prior, progress=tell, on_rigid=tell_rigid)))
            return
        listed = list_changes(current, prior, aligned)
        found = ChangeList(listed.changes.candidates, listed.changes.threshold, listed.unit)
        connection.send((_DONE, found))
