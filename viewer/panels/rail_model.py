"""The time rail's rows as a Qt model that grows in place while a scan runs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from loaders.model.stack import StackKey
from viewer.panels.rail_rows import PatientRow, Row, RowKey, SeriesRow, StudyState, stack_key_of
from viewer.panels.rail_text import row_summary, row_tooltip
from viewer.panels.stack_mime import STACK_MIME_TYPE, stack_to_mime

ROW_ROLE = int(Qt.ItemDataRole.UserRole)

#: Thumbnails kept: 96 x 96 pixels at 200 % are 36 kB each, so the whole stays below 40 MB.
_THUMBNAILS_KEPT = 1000

Index = QModelIndex | QPersistentModelIndex


class RailModel(QAbstractListModel):
    """A flat list of patient, study and series rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._thumbnails: OrderedDict[StackKey, QPixmap] = OrderedDict()
        self._pair_numbers: dict[StackKey, int] = {}
        self._states: dict[str, StudyState] = {}
        self._on_screen: frozenset[StackKey] = frozenset()

    # What Qt asks.
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself under ``ROW_ROLE``; words for the keyboard search, tooltips and screen readers."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row_summary(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row_tooltip(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Series can be dragged; a patient's heading cannot be chosen."""
        row = self.row(index)
        if row is None:
            return Qt.ItemFlag.NoItemFlags
        if isinstance(row, PatientRow):
            return Qt.ItemFlag.ItemIsEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled if isinstance(row, SeriesRow) else flags

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """One private type."""
        return [STACK_MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """The dragged stack."""
        for index in indexes:
            row = self.row(index)
            key = stack_key_of(row) if row is not None else None
            if key is not None:
                return stack_to_mime(key)
        return QMimeData()

    # What the rail asks.
    def row(self, index: Index) -> Row | None:
        """The row at an index."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def row_at(self, position: int) -> Row:
        """The row at a position."""
        return self._rows[position]

    def positions_of(self, keys: Collection[RowKey]) -> dict[RowKey, int]:
        """Where the rows of these keys stand; absent ones are left out."""
        return {row.key: position for position, row in enumerate(self._rows) if row.key in keys}

    def thumbnail(self, key: StackKey) -> QPixmap | None:
        """The picture of a stack if there is one (yet)."""
        return self._thumbnails.get(key)

    def pair_number(self, key: StackKey) -> int | None:
        """The small number a stack shares with its partner in another study."""
        return self._pair_numbers.get(key)

    def state(self, row_study_key: str) -> StudyState:
        """Where a study's images are; a catalogue lists what was found, so without other news: on disk."""
        return self._states.get(row_study_key, StudyState())

    def is_on_screen(self, key: StackKey) -> bool:
        """Whether a viewport shows the stack."""
        return key in self._on_screen

    # What the rail tells.
    def set_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows by as few insertions and removals as an unchanged order allows."""
        fresh_keys = [row.key for row in rows]
        kept = set(fresh_keys)
        old_keys = [row.key for row in self._rows]
        remaining = [key for key in old_keys if key in kept]
        known = set(remaining)
        if [key for key in fresh_keys if key in known] != remaining:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        self._remove_all_but(kept, old_keys)
        self._insert_missing(rows, fresh_keys, known)
        self._rows = list(rows)
        if self._rows:
            # Comparing rows would walk every frame of every stack; Qt repaints only what is in sight anyway.
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _remove_all_but(self, kept: set[RowKey], old_keys: list[RowKey]) -> None:
        end = len(old_keys)
        while end > 0:
            if old_keys[end - 1] in kept:
                end -= 1
                continue
            start = end - 1
            while start > 0 and old_keys[start - 1] not in kept:
                start -= 1
            self.beginRemoveRows(QModelIndex(), start, end - 1)
            del self._rows[start:end]
            self.endRemoveRows()
            end = start

    def _insert_missing(self, rows: Sequence[Row], keys: list[RowKey], known: set[RowKey]) -> None:
        position = 0
        while position < len(rows):
            if keys[position] in known:
                position += 1
                continue
            end = position
            while end < len(rows) and keys[end] not in known:
                end += 1
            self.beginInsertRows(QModelIndex(), position, end - 1)
            self._rows[position:position] = rows[position:end]
            self.endInsertRows()
            position = end

    def set_thumbnail(self, key: StackKey, picture: QPixmap) -> None:
        """Keep a picture, letting the oldest go beyond a thousand."""
        self._thumbnails[key] = picture
        self._thumbnails.move_to_end(key)
        while len(self._thumbnails) > _THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)

    def set_pair_numbers(self, numbers: Mapping[StackKey, int]) -> None:
        """Replace all pair numbers."""
        self._pair_numbers = dict(numbers)

    def set_state(self, row_study_key: str, state: StudyState) -> None:
        """Tell where a study's images are."""
        self._states[row_study_key] = state

    def set_on_screen(self, keys: frozenset[StackKey]) -> None:
        """Tell which stacks the viewports show."""
        self._on_screen = keys
