"""A frame that the reader marked as a key image."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.model.stack import StackKey


@dataclass(frozen=True, slots=True)
class KeyImage:
    """One frame of one instance, as the reader's choice of what matters."""

    stack: StackKey
    sop_instance_uid: str
    frame_number: int

    @property
    def identifier(self) -> str:
        """A stable word for lists."""
        return f"key-image/{self.sop_instance_uid}/{self.frame_number}"

    def is_on(self, sop_instance_uid: str, frame_number: int) -> bool:
        """Whether this marks that frame."""
        return (self.sop_instance_uid, self.frame_number) == (sop_instance_uid, frame_number)
