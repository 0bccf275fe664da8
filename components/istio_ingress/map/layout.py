"""Where boxes in columns stand, so that what is joined is level and lines seldom cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from istio_ingress.map.graph import COLUMNS, Box, Graph

SWEEPS = 7  # the last from the left, so that a way is as straight as it can be


def tops(graph: Graph, heights: Mapping[Box, float], gap: float) -> dict[Box, float]:
    """The upper edge of every box; the highest is at 0."""
    neighbours: dict[Box, tuple[list[Box], list[Box]]] = {box: ([], []) for box in graph.boxes}
    for start, end in graph.lines:
        neighbours[start][1].append(end)
        neighbours[end][0].append(start)
    columns = [graph.column(number) for number in range(len(COLUMNS))]
    found = {box: top for column in columns for box, top in zip(column, _stacked(column, heights, gap), strict=True)}

    def middle(box: Box) -> float:
        return found[box] + heights[box] / 2

    for column in columns[1:]:
        # The order is settled once, from the left: hosts stay in the order of their names.
        column.sort(key=lambda box: fmean([middle(one) for one in neighbours[box][0]] or [0.0]))
        found.update(zip(column, _stacked(column, heights, gap), strict=True))
    for sweep in range(SWEEPS):
        side = sweep % 2
        for column in columns[1:] if side == 0 else columns[-2::-1]:
            wanted = []
            for box in column:
                joined = neighbours[box][side] or [*neighbours[box][0], *neighbours[box][1]]
                level = fmean([middle(one) for one in joined]) if joined else middle(box)
                wanted.append(level - heights[box] / 2)
            found.update(zip(column, _apart(column, wanted, heights, gap), strict=True))
    return _without_bands(found, heights, gap)


def _without_bands(tops: Mapping[Box, float], heights: Mapping[Box, float], gap: float) -> dict[Box, float]:
    """The same, with what is empty across all columns taken out."""
    found: dict[Box, float] = {}
    shift, bottom = 0.0, -gap
    for box in sorted(tops, key=lambda box: tops[box]):
        is_below_a_band = not found or tops[box] > bottom + gap
        shift += tops[box] - bottom - gap if is_below_a_band else 0.0
        bottom = max(bottom, tops[box] + heights[box]) if found else tops[box] + heights[box]
        found[box] = tops[box] - shift
    return found


def _stacked(column: Sequence[Box], heights: Mapping[Box, float], gap: float) -> list[float]:
    found, top = [], 0.0
    for box in column:
        found.append(top)
        top += heights[box] + gap
    return found


def _apart(column: Sequence[Box], wanted: Sequence[float], heights: Mapping[Box, float], gap: float) -> list[float]:
    """The places nearest to those wanted at which no two boxes of the column meet, in its order.

    Measured from where each would stand in a plain stack, places must not decrease; neighbours that would do so are
    moved together, to the mean of what they want (the pool-adjacent-violators algorithm).
    """
    stack = _stacked(column, heights, gap)
    pools: list[list[float]] = []
    for want, base in zip(wanted, stack, strict=True):
        pools.append([want - base])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    shifts = [fmean(pool) for pool in pools for _ in pool]
    return [shift + base for shift, base in zip(shifts, stack, strict=True)]
