"""Kept studies as an ``ImageSource``: geometry from the index without a scan, pixels decrypted as they are wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from loaders.cache.library import Library
from loaders.cache.library_errors import NotKept
from loaders.cache.library_index import KeptInstance, KeptStudy
from loaders.cache.sealed_file import sealed_size
from loaders.discovery.catalogue_building import CatalogueBuilder
from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator
from loaders.model.stack import Stack
from loaders.model.study import Catalogue
from loaders.pixels.frame_sink import FrameSink
from loaders.pixels.instance_delivery import InstanceDelivery
from loaders.progress import CancelToken, Progress, ProgressCallback
from loaders.stores.image_source import CatalogueCallback

_THREADS = 2
_LOOK_S = 0.1


class LibrarySource:
    """Some kept studies. They are held (not evicted) until :meth:`close`."""

    def __init__(self, library: Library, studies: Sequence[KeptStudy]) -> None:
        self._library, self._studies = library, tuple(studies)
        self._kept: dict[str, tuple[KeptStudy, KeptInstance]] = {}
        self._keys = _StudyKeys(library)
        self._feeds: list[LibraryFeed] = []
        for study in self._studies:
            library.hold(study)

    @property
    def name(self) -> str:
        """Where it comes from; no patient's name."""
        return "offline library"

    def catalogue(self, *, on_found: CatalogueCallback, progress: ProgressCallback, cancel: CancelToken) -> Catalogue:
        """Build the catalogue from the headers the index keeps. Raises ``NotKept``, ``Tampered``."""
        builder = CatalogueBuilder(lambda _file: None)
        for number, study in enumerate(self._studies, 1):
            self._keys.of(study)
            for instance in self._library.index.instances(study.id):
                cancel.raise_if_cancelled()
                self._kept[instance.sop_uid] = (study, instance)
                record = instance.header
                # Named by its UID, never by its file; and its pixels lie in no plain file.
                pixels = record.get("pixels")
                shown = {**record, "file": {"path": instance.sop_uid, "member": ""}}
                builder.add(shown if pixels is None else {**shown, "pixels": {**pixels, "offset": -1}})
            lacking = study.expected - study.committed
            if lacking:
                message = f"{lacking} images of this study are not kept here: open it from the store"
                builder.add_problem(FileLocator(Path(study.study_uid)), "incomplete_copy", message)
            progress(Progress("library", number, len(self._studies)))
        found = builder.snapshot()
        on_found(found)
        return found

    def feed(self, stack: Stack, sink: FrameSink, first_frame: int) -> LibraryFeed:
        """Begin to decrypt a stack's instances, around ``first_frame`` first."""
        feed = LibraryFeed(self._library, self._kept, self._keys, stack, sink, first_frame=first_frame)
        self._feeds.append(feed)
        return feed

    def frame_bytes(self, frame: Frame) -> bytes | None:
        """Return the frame's instance. Raises ``Tampered``, ``NotKept``, ``LibraryUnreadable``."""
        for feed in list(self._feeds):
            held = feed.take_held(frame)
            if held is not None:
                return held
        study, instance = self._kept[frame.sop_instance_uid]
        data = bytearray(instance.length)
        self._library.read_into(study, self._keys.of(study), instance, memoryview(data))
        return bytes(data)

    def drop_keys(self) -> None:
        """Forget the studies' keys (locked); whoever reads waits for :meth:`resume`."""
        self._keys.drop()

    def resume(self) -> None:
        """Read again, with keys asked for anew."""
        self._keys.resume()

    def close(self) -> None:
        """Stop, forget the keys, let the studies go."""
        self._keys.end()
        for feed in self._feeds:
            feed.close()
        self._feeds.clear()
        self._kept.clear()
        for study in self._studies:
            self._library.let_go(study)


class _StudyKeys:
    """Keys of open studies, unwrapped when they are first wanted. While locked there are none, and readers wait."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Condition()
        self._keys: dict[str, bytes] = {}
        self._is_locked = self._is_ended = False

    def of(self, study: KeptStudy, gives_up: Callable[[], bool] = lambda: False) -> bytes:
        """Return a study's key. Raises ``NotKept``, also for a reader that gives up waiting; ``Tampered``."""
        with self._lock:
            while self._is_locked and not self._is_ended and not gives_up():
                self._lock.wait(_LOOK_S)
            if self._is_ended or self._is_locked:
                raise NotKept("this study was closed")
            key = self._keys.get(study.id)
            if key is None:
                key = self._keys[study.id] = self._library.study_key(study)
            return key

    def drop(self) -> None:
        with self._lock:
            self._is_locked = True
            self._keys.clear()

    def resume(self) -> None:
        with self._lock:
            self._is_locked = False
            self._lock.notify_all()

    def end(self) -> None:
        with self._lock:
            self._is_ended = True
            self._keys.clear()
            self._lock.notify_all()


class LibraryFeed:
    """Decrypts in two threads, nearest to the viewed slice first."""

    def __init__(
        self,
        library: Library,
        kept: dict[str, tuple[KeptStudy, KeptInstance]],
        keys: _StudyKeys,
        stack: Stack,
        sink: FrameSink,
        *,
        first_frame: int,
    ) -> None:
        self._library, self._kept, self._keys = library, kept, keys
        self._delivery = InstanceDelivery(stack, sink)
        self._lock = threading.Lock()
        self._looking_at = self._delivery.instance_of(first_frame)
        #: Indices still to read, the next one last; in order of their distance from the slice that is looked at.
        self._pending = list(range(len(self._delivery.order)))
        self._sorted_for = -1
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"library-{number}", daemon=True) for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def look_at(self, frame_index: int) -> None:
        """Decrypt around this frame first."""
        self._looking_at = self._delivery.instance_of(frame_index)

    def take_held(self, frame: Frame) -> bytes | None:
        """Return the frame's instance if it waits for a worker."""
        return self._delivery.take_held(frame)

    def close(self) -> None:
        """Stop after the instance in hand."""
        self._closed = True
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._delivery.forget()

    def _has_closed(self) -> bool:
        return self._closed

    def _next(self) -> str | None:
        with self._lock:
            if self._closed or not self._pending:
                return None
            if self._sorted_for != self._looking_at:
                self._sorted_for = centre = self._looking_at
                self._pending.sort(key=lambda each: (-abs(each - centre), each))
            return self._delivery.order[self._pending.pop()]

    def _work(self) -> None:
        room, sealed = bytearray(), bytearray()
        while (uid := self._next()) is not None:
            try:
                study, instance = self._kept[uid]
                if len(room) < instance.length:
                    room, sealed = bytearray(instance.length), bytearray(sealed_size(instance.length))
                key = self._keys.of(study, self._has_closed)
                data = self._library.read_into(study, key, instance, memoryview(room), sealed=memoryview(sealed))
                self._delivery.deliver(uid, instance.header, data)
            except KeyError:
                self._delivery.fail(uid, NotKept("this image is not kept here"))
            except WorldError as error:
                self._delivery.fail(uid, error)
