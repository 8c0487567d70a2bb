"""Registration in a process of its own: the window's interpreter is never held up, and to cancel is to end it.

Numbers travel as raw bytes beside a small description, so that sending a large volume copies nothing under the lock
of the interpreter.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np

from compare.registration.register import Aligned, Registration, register
from compare.registration.registration_image import RegistrationImage
from loaders.errors import WorldError
from loaders.progress import CancelToken, Progress, ProgressCallback

_POLL_S = 0.1
#: The reader's window comes first.
_NICENESS = 10
_PROGRESS, _RIGID, _DONE = "progress", "rigid", "done"


class RegistrationStopped(WorldError):
    """The process that aligned two examinations ended without an answer."""

    code = "registration_stopped"


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
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there,), name="diptych-registration", daemon=True)
    child.start()
    there.close()
    try:
        for image in (current, prior):
            _send(here, image)
        return _answer(here, cancel, progress, on_rigid)
    except (EOFError, OSError) as error:
        raise RegistrationStopped("the alignment ended without an answer") from error
    finally:
        here.close()
        _end(child)


def _answer(
    here: Connection, cancel: CancelToken, progress: ProgressCallback, on_rigid: Callable[[Aligned], None]
) -> Registration:
    while True:
        cancel.raise_if_cancelled()
        if not here.poll(_POLL_S):
            continue
        word, value = here.recv()
        if word == _DONE:
            outcome: Registration = value
            return outcome
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


def _serve(connection: Connection) -> None:
    """The child's life: take two images, say how far it is, answer once."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)

    def tell(progress: Progress) -> None:
        connection.send((_PROGRESS, progress))

    def tell_rigid(aligned: Aligned) -> None:
        connection.send((_RIGID, aligned))

    # The window has gone, or lost interest: there is nobody to answer.
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        current, prior = _receive(connection), _receive(connection)
        connection.send((_DONE, register(current, prior, progress=tell, on_rigid=tell_rigid)))
