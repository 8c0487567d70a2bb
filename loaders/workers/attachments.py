"""The shared blocks a worker process holds, for the tasks that run in it. Empty in the application's process."""

from __future__ import annotations

from loaders.workers.shared_block import SharedBlock

_blocks: dict[int, SharedBlock] = {}


def attach(block: SharedBlock) -> None:
    """Keep a block that the application shared."""
    previous = _blocks.pop(block.block_id, None)
    if previous is not None:
        previous.close()
    _blocks[block.block_id] = block


def detach(block_id: int) -> None:
    """Let go of a block, known or not."""
    block = _blocks.pop(block_id, None)
    if block is not None:
        block.close()


def attached(block_id: int) -> SharedBlock:
    """Return a block by its number; raises ``KeyError`` when the application never shared it."""
    return _blocks[block_id]
