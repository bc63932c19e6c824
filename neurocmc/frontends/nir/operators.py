"""Makes the linear nodes of a graph into sparse matrices on flat vectors, by arithmetic on arrays of indices."""

from dataclasses import dataclass
from math import prod

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem
from neurocmc.frontends.nir.graph import NirNode
from neurocmc.frontends.nir.windows import Shape, Windows, windows_of

MOST_DELAY_TICKS = 62
_ON_TICK = 1e-4  # of a tick, by which a delay in single precision may miss the tick that it means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operator:
    """What a linear node does: y = matrix x + bias, each row so many ticks later; None leaves it out."""

    matrix: sparse.csr_matrix | None
    bias: Float | None = None
    delay_ticks: Int | None = None


def operator_of(node: NirNode, gets: Shape, delay_ticks: Int | None = None) -> Operator:
    """Returns the operator of a linear node on an input of a shape that fits; that of a Delay gets its ticks."""
    size = prod(gets)
    if node.type in ("Linear", "Affine"):
        matrix = sparse.csr_matrix(node.numbers("weight").astype(np.float64))
        bias = node.numbers("bias").astype(np.float64) if node.type == "Affine" else None
        return Operator(matrix=matrix, bias=bias)
    if node.type == "Scale":
        scale = np.broadcast_to(np.ravel(node.numbers("scale")).astype(np.float64), (size,))
        return Operator(matrix=sparse.csr_matrix(sparse.diags(scale)))
    if node.type in ("Conv1d", "Conv2d"):
        windows = windows_of(node, gets)
        matrix = window_matrix(windows, node.numbers("weight").astype(np.float64))
        bias = np.repeat(node.numbers("bias").astype(np.float64), prod(windows.positions))
        return Operator(matrix=matrix, bias=bias)
    if node.type in ("SumPool2d", "AvgPool2d"):
        windows = windows_of(node, gets)
        share = 1.0 / prod(windows.kernel) if node.type == "AvgPool2d" else 1.0
        return Operator(matrix=window_matrix(windows, np.full((windows.channels, 1, *windows.kernel), share)))
    if node.type == "Delay" and delay_ticks is not None:
        return Operator(matrix=None, delay_ticks=delay_ticks)
    return Operator(matrix=None)  # Flatten and relays: the order of the numbers stays


def window_matrix(windows: Windows, weight: Float) -> sparse.csr_matrix:
    """Returns the matrix (outputs, inputs) of windows with weights (filters, channels / groups, *kernel)."""
    filters, inner = weight.shape[:2]
    dimensions = len(windows.size)
    # axes: filter, output position in each dimension, channel within the group, place in the window in each dimension
    axes = 2 + 2 * dimensions
    group = np.arange(filters) // (filters // windows.groups)
    column = _axis(group * inner, 0, axes) + _axis(np.arange(inner), 1 + dimensions, axes)
    row = _axis(np.arange(filters), 0, axes)
    inside = np.ones((1,) * axes, dtype=np.bool_)
    for d, (size, positions) in enumerate(zip(windows.size, windows.positions, strict=True)):
        start = _axis(np.arange(positions) * windows.stride[d] - windows.before[d], 1 + d, axes)
        place = start + _axis(np.arange(windows.kernel[d]) * windows.dilation[d], 2 + dimensions + d, axes)
        inside = inside & (place >= 0) & (place < size)
        column = column * size + place
        row = row * positions + _axis(np.arange(positions), 1 + d, axes)
    values = weight.reshape(filters, *(1,) * dimensions, inner, *windows.kernel)
    full = np.broadcast_shapes(column.shape, row.shape, values.shape)
    keep = np.broadcast_to(inside & (values != 0), full)
    entries = tuple(np.broadcast_to(array, full)[keep] for array in (values, row, column))
    shape = (prod(windows.out), windows.channels * prod(windows.size))
    return sparse.csr_matrix((entries[0], (entries[1], entries[2])), shape=shape)


def _axis(values: Int, axis: int, axes: int) -> Int:
    """Puts a vector along one of several axes."""
    return values.reshape((1,) * axis + (-1,) + (1,) * (axes - axis - 1))


def delay_of(node: NirNode, size: int, dt_s: float) -> tuple[Int, Problem | None]:
    """Returns the whole ticks of a Delay, with what is wrong with them."""
    ticks = np.broadcast_to(np.ravel(node.numbers("delay")).astype(np.float64) / dt_s, (size,))
    whole = np.rint(ticks)
    wrong = np.abs(whole - ticks) > _ON_TICK * np.maximum(1.0, np.abs(ticks))
    if wrong.any():
        what = f"a delay is {ticks[wrong][0]:g} ticks of {dt_s:g} s"
        return np.zeros(size, dtype=np.int64), Problem("time-off-grid", node.where, what, "give whole ticks")
    if not ((whole >= 0) & (whole <= MOST_DELAY_TICKS)).all():
        what = f"delays of {whole.min():g} to {whole.max():g} ticks of {dt_s:g} s"
        cure = f"give 0 to {MOST_DELAY_TICKS} ticks"
        return np.zeros(size, dtype=np.int64), Problem("register-beyond-range", node.where, what, cure)
    return whole.astype(np.int64), None
