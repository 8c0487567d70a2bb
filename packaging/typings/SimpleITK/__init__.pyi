from typing import Any

# Its own annotations are partial; results are given their types where they are taken.
def __getattr__(name: str) -> Any: ...
