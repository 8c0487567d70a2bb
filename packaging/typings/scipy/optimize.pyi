from typing import Any

# scipy carries no types; results are given theirs where they are taken.
def __getattr__(name: str) -> Any: ...
