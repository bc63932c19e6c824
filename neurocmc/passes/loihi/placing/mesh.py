"""Gives cores their places: board, chip, and tile of the chip's mesh, so that spikes have short ways.

Cores are divided among chips and chips among boards (`chips`); then boards, the chips of each board and the cores of
each chip are laid out on their meshes. On each mesh two exchange places while that shortens the ways, weighted by
what goes along them; what leads off a mesh pulls towards the side on which it leaves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.loihi.chip import CorePlace
from neurocmc.passes.loihi.placing.chips import Links, divided
from neurocmc.targets import LoihiLimits

SWEEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """The place of each core: its chip, where that stands on the mesh of chips, and the tile of the chip."""

    chip: Int  # (cores,) counted row by row through the mesh of chips
    tile: Int  # (cores, 2) column and row on the chip

    @property
    def places(self) -> tuple[CorePlace, ...]:
        """The place of each core, as a chip program has it."""
        rows = zip(self.chip.tolist(), self.tile.tolist(), strict=True)
        return tuple(CorePlace(chip=chip, x=x, y=y) for chip, (x, y) in rows)


def laid_out(links: Links, cores: int, limits: LoihiLimits) -> Layout:
    """Returns places of cores on a target that has a mesh."""
    chip = divided(links, cores, limits.cores_per_chip)
    spot = _chip_spots(links.together(chip), int(chip.max(initial=0)) + 1, limits)
    tile = np.zeros((cores, 2), dtype=np.int64)
    tiles = _grid(limits.tile_columns, limits.tile_rows)
    for own, inner, pull in _each_chip(links, chip, spot, tiles):
        slots = np.repeat(tiles, limits.cores_per_tile, axis=0)[: max(own.size, limits.cores_per_chip)]
        tile[own] = slots[_arranged(inner, slots, pull(slots), own.size)]
    return Layout(chip=spot[chip, 1] * limits.chip_columns + spot[chip, 0], tile=tile)


def _grid(columns: int, rows: int) -> Int:
    """(columns * rows, 2) column and row of each place, row by row, every second row backwards."""
    row, column = np.divmod(np.arange(columns * rows), columns)
    return np.stack([np.where(row % 2, columns - 1 - column, column), row], axis=1)


def _chip_spots(between: Links, chips: int, limits: LoihiLimits) -> Int:
    """(chips, 2) column and row of each chip on the mesh of all chips."""
    width, height = limits.board
    board = divided(between, chips, width * height)
    boards = _grid(limits.chip_columns // width, limits.chip_rows // height)
    on = between.together(board)
    count = int(board.max(initial=0)) + 1
    corner = boards[_arranged(_dense(on, count), boards, np.zeros((count, len(boards))), count)] * [width, height]
    spot = np.zeros((chips, 2), dtype=np.int64)
    places = _grid(width, height)
    for own, inner, pull in _each_chip(between, board, corner, places):
        # The first places of a board are the smallest rectangle that holds its chips, so that few of them stay close.
        side = max(int(np.ceil(np.sqrt(own.size * width / height))), -(-own.size // height))
        near = places[places[:, 0] < min(side, width)]
        spot[own] = corner[board[own]] + near[_arranged(inner, near, pull(near), own.size)]
    return spot


class _Pull:
    """What leads off a mesh, by the direction in which it leaves: the cost of each place for each of its members."""

    def __init__(self, weight: Float, direction: Float) -> None:
        self.weight, self.direction = weight, direction  # (members, others), (others, 2)

    def __call__(self, slots: Int) -> Float:
        toward = self.weight @ np.sign(self.direction)  # (members, 2): to the right and down
        return -(toward[:, None, :] * slots[None, :, :]).sum(axis=2)


def _each_chip(links: Links, group: Int, corner: Int, places: Int) -> Iterator[tuple[Int, Float, _Pull]]:
    """For each group its members, what goes between them, and what pulls them towards other groups."""
    order = np.argsort(group, kind="stable")
    groups = int(group.max(initial=0)) + 1
    ends = np.searchsorted(group[order], np.arange(groups + 1))
    place = np.zeros(group.size, dtype=np.int64)
    place[order] = np.arange(group.size) - ends[group[order]]
    source = np.concatenate([links.source, links.target])
    target = np.concatenate([links.target, links.source])
    weight = np.tile(links.weight, 2)
    by = np.argsort(group[source], kind="stable")
    source, target, weight = source[by], target[by], weight[by]
    starts = np.searchsorted(group[source], np.arange(groups + 1))
    for index in range(groups):
        own = order[ends[index] : ends[index + 1]]
        part = slice(starts[index], starts[index + 1])
        inside = group[target[part]] == index
        inner = np.zeros((own.size, own.size))
        np.add.at(inner, (place[source[part]][inside], place[target[part]][inside]), weight[part][inside])
        np.fill_diagonal(inner, 0.0)
        away = np.zeros((own.size, groups))
        np.add.at(away, (place[source[part]][~inside], group[target[part]][~inside]), weight[part][~inside])
        yield own, inner, _Pull(away, (corner - corner[index]).astype(np.float64))


def _dense(links: Links, count: int) -> Float:
    found = np.zeros((count, count))
    np.add.at(found, (links.source, links.target), links.weight)
    np.add.at(found, (links.target, links.source), links.weight)
    return found


def _arranged(weight: Float, slots: Int, pull: Float, count: int) -> Int:
    """(count,) the slot of each member, from the order in which they come, exchanged while ways get shorter.

    `weight` (count, count) is symmetric, `slots` (slots, 2) places, `pull` (count, slots) costs of their own.
    """
    away = np.abs(slots[:, None, :] - slots[None, :, :]).sum(axis=2).astype(np.float64)
    free = len(slots) - count  # members without weight stand on the slots that are left
    weight, pull = np.pad(weight, ((0, free), (0, free))), np.pad(pull, ((0, free), (0, 0)))
    slot = np.arange(len(slots))
    cost = weight @ away + pull  # (member, slot), if the others stay where they are
    for _ in range(SWEEPS):
        moved = False
        for member in range(count):
            here = slot[member]
            own = cost[np.arange(len(slot)), slot]
            after = cost[member, slot] + cost[:, here] + 2.0 * weight[member] * away[here, slot]
            gain = own[member] + own - after
            gain[member] = 0.0
            other = int(np.argmax(gain))
            if gain[other] <= 1e-9 * max(own[member], 1.0):
                continue
            there = slot[other]
            shift = away[there] - away[here]
            cost += np.outer(weight[:, member] - weight[:, other], shift)
            slot[member], slot[other] = there, here
            moved = True
        if not moved:
            break
    return slot[:count]
