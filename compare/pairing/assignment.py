"""The one-to-one assignment of greatest total score (Kuhn's Hungarian method in its potentials form)."""

from __future__ import annotations

from collections.abc import Sequence


def best_assignment(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return (row, column) pairs that maximise the sum of ``scores``; every row or every column is used, one to one.

    ``scores`` is a rectangle of finite numbers. O(rows² x columns). Rows come out in order.
    """
    rows = len(scores)
    columns = len(scores[0]) if rows else 0
    if not rows or not columns:
        return []
    if rows > columns:
        turned = [[scores[row][column] for row in range(rows)] for column in range(columns)]
        return sorted((row, column) for column, row in best_assignment(turned))
    row_potential = [0.0] * (rows + 1)
    column_potential = [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)  # the row a column is given to, counted from 1; 0 is free
    for row in range(1, rows + 1):
        came_from = _augment(row, scores, row_of, row_potential, column_potential)
        column = came_from.pop("end")
        while column:
            previous = came_from[column]
            row_of[column] = row_of[previous]
            column = previous
    return sorted((row_of[column] - 1, column - 1) for column in range(1, columns + 1) if row_of[column])


def _augment(
    row: int,
    scores: Sequence[Sequence[float]],
    row_of: list[int],
    row_potential: list[float],
    column_potential: list[float],
) -> dict[int | str, int]:
    """Find a cheapest way from a new row to a free column; returns for each column the one before it, and the end."""
    columns = len(column_potential) - 1
    slack = [float("inf")] * (columns + 1)
    came_from: dict[int | str, int] = {}
    used = [False] * (columns + 1)
    row_of[0] = row
    here = 0
    while True:
        used[here] = True
        nearest, step = 0, float("inf")
        for column in range(1, columns + 1):
            if used[column]:
                continue
            cost = -scores[row_of[here] - 1][column - 1]
            reduced = cost - row_potential[row_of[here]] - column_potential[column]
            if reduced < slack[column]:
                slack[column], came_from[column] = reduced, here
            if slack[column] < step:
                step, nearest = slack[column], column
        for column in range(columns + 1):
            if used[column]:
                row_potential[row_of[column]] += step
                column_potential[column] -= step
            else:
                slack[column] -= step
        here = nearest
        if row_of[here] == 0:
            came_from["end"] = here
            return came_from
