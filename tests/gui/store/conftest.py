"""The real window and the real stand-in store."""

from tests.gui.window.conftest import make_window, pool, window
from tests.store.conftest import store

__all__ = ["make_window", "pool", "store", "window"]
