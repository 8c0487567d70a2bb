"""The store's services, made on a job's thread when they are first wanted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.store.store_services import StoreServices


class LazyServices:
    """Most windows never see a store: TLS, OpenID and SQLCipher are imported when one is used. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: StoreServices | None = None
        self._is_closed = False

    @property
    def made(self) -> StoreServices | None:
        """The services if something has used them."""
        return self._made

    def get(self) -> StoreServices:
        """Return the services. Call it on a job's thread."""
        from viewer.store.store_services import StoreServices  # noqa: PLC0415 - as the module says

        with self._lock:
            if self._made is None:
                self._made = StoreServices()
            return self._made

    def close(self) -> None:
        """End connections and let go of the library; call it when no job runs any more."""
        with self._lock:
            if self._made is not None:
                self._made.close()
