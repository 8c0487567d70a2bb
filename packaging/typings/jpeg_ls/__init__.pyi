"""The part of pyjpegls that is used here; the package has no types of its own."""

from typing import Any

from numpy.typing import NDArray

def decode(stream: NDArray[Any]) -> NDArray[Any]: ...
