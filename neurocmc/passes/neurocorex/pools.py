"""Makes one row of threshold neurons of pools, and channels of the digits of their drives.

Neuron k of a pool is recruited before neuron k + 1. So the weights that leave a pool need not be equal: their sum
over the first k neurons is rounded to a whole number for each k, and what a pool sends is off by half of V's unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float, Int, starts
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.matrices import full
from neurocmc.ir.neurocorex.pools import DriveDigits
from neurocmc.ir.neurocorex.wiring import Extremes, Wiring
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork
from neurocmc.ir.stimulus import Stimulus

BITS = 5  # of a drive, where there are channels enough
V_ROOM = 120.0  # of what V holds, for one scale of all neurons
HOST_COLUMNS = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoolWiring:
    """Pools as a wiring whose weights are whole already."""

    wiring: Wiring
    seen: Extremes
    digits: tuple[DriveDigits, ...]
    scale: float  # V per threshold


@dataclass(frozen=True)
class Pools:
    """SpikingNetwork of the threshold code -> PoolWiring.

    Args:
        calibration: The stimuli whose drives the channels must carry.
    """

    name: ClassVar[str] = "pools"
    calibration: tuple[Stimulus, ...] = ()

    def run(self, network: SpikingNetwork, channels: int) -> PoolWiring:
        """Raises InfeasibleError where V has no room for the sums that arrive.

        Args:
            network: Pools without filters.
            channels: Columns of the feed-forward matrix.
        """
        raise_infeasible(_unfit(network))
        first = starts({p.name: p.units * p.neurons for p in network.populations})
        thresholds = np.concatenate([(1.0 - p.bias).ravel() for p in network.populations])
        recurrent = _weights(network, first, thresholds.size, None)
        drives = [_drives(network, stimulus, first, thresholds.size) for stimulus in self.calibration]
        seen = _watched(recurrent, thresholds, drives)
        scale = _scale(recurrent, thresholds, seen)
        whole = _weights(network, first, thresholds.size, scale)
        digits = tuple(self._digits(network, entry, scale, channels) for entry in network.inputs)
        sent, columns = _columns(network, digits, first, thresholds.size, scale)
        base = np.zeros(thresholds.size)
        for entry, each in zip(network.inputs, digits, strict=True):
            base += _spread(network, entry, first, thresholds.size) @ each.lowest
        at = (thresholds - base) * scale
        bias = np.where(at < 1.0, np.ceil(1.0 - at), 0.0)  # every threshold lies above a V of 0
        target, source = np.nonzero(whole)
        to, column = np.nonzero(columns)
        return PoolWiring(
            wiring=Wiring(
                neurons=thresholds.size,
                relays=0,
                target=target,
                source=source,
                weight=whole[target, source].astype(np.float64),
                threshold=at + bias,
                sent=sent,
                sent_target=to,
                sent_column=column,
                sent_weight=columns[to, column].astype(np.float64),
                bias=bias,
            ),
            seen=Extremes(
                lowest=seen.lowest * scale - np.abs(base) * scale + np.minimum(bias, 0) - 2.0,
                highest=seen.highest * scale + np.abs(base) * scale + bias + 2.0,
                least=seen.least * scale - 1.0,
                most=seen.most * scale + 1.0,
                inputs=sum(each.bits * each.lowest.size for each in digits),
            ),
            digits=digits,
            scale=scale,
        )

    def _digits(self, network: SpikingNetwork, entry: SpikingInput, scale: float, channels: int) -> DriveDigits:
        """The range of calibration, in steps that are a whole number of V where the weights of a channel are one."""
        wanted, width = sum(each.weight.shape[1] for each in network.inputs), entry.weight.shape[1]
        bits = max(1, min(BITS, (channels - HOST_COLUMNS) // max(wanted, 1)))
        driven = [s.on_ticks(network.tick_s, entry.name).values[entry.name] for s in self.calibration]
        values = np.concatenate([np.zeros((1, width)), *(part.reshape(-1, width) for part in driven)])
        low, high = values.min(axis=0), values.max(axis=0)
        weight = np.abs(full(entry.weight)).max(axis=0) * scale
        most = (1 << bits) - 1
        steps = np.maximum(np.ceil((high - low) * weight / most - 1e-9), 1.0)
        step = np.divide(steps, weight, out=np.zeros(weight.size), where=(weight > 0) & (high > low))
        return DriveDigits(name=entry.name, bits=bits, lowest=low, step=step)


def _unfit(network: SpikingNetwork) -> Iterator[Problem]:
    cure = "give it tau_ms: 0, or use --target loihi1"
    for projection in network.projections:
        if projection.tau_s > 0:
            what = (
                f"a filter of {1e3 * projection.tau_s:g} ms; input to a neuron of this target acts for one tick only"
            )
            yield Problem("kernel-order-unfit", f"projection {projection.name}", what, cure)
        if projection.standing.any():
            what = "its source is active before the first tick"
            yield Problem("initial-current", f"projection {projection.name}", what, "begin at rest")
    for entry in network.inputs:
        if entry.tau_s > 0:
            what = f"a filter of {1e3 * entry.tau_s:g} ms, and this target has none"
            yield Problem("kernel-order-unfit", f"input {entry.name}", what, cure)


def _weights(network: SpikingNetwork, first: Mapping[str, int], neurons: int, scale: float | None) -> Float:
    """(neurons, neurons) in thresholds, or with a scale whole numbers of V whose sums along a pool are rounded."""
    found = np.zeros((neurons, neurons))
    for projection in network.projections:
        source, target = network.population(projection.source), network.population(projection.target)
        dense = full(projection.weight)
        order = np.arange(source.neurons + 1)
        sums = dense[:, :, None] * order
        steps = np.diff(sums if scale is None else np.rint(sums * scale), axis=2)  # (target, source, neuron)
        block = np.repeat(steps.reshape(target.units, -1), target.neurons, axis=0)
        to, by = first[target.name], first[source.name]
        found[to : to + block.shape[0], by : by + block.shape[1]] += block
    return found


def _spread(network: SpikingNetwork, entry: SpikingInput, first: Mapping[str, int], neurons: int) -> Float:
    """(neurons, channels) thresholds per unit of an input."""
    target = network.population(entry.target)
    found = np.zeros((neurons, full(entry.weight).shape[1]))
    block = np.repeat(full(entry.weight), target.neurons, axis=0)
    found[first[target.name] : first[target.name] + len(block)] = block
    return found


def _drives(network: SpikingNetwork, stimulus: Stimulus, first: Mapping[str, int], neurons: int) -> Float:
    """(trials, ticks, neurons) thresholds."""
    shape = (stimulus.batch, stimulus.ticks(network.tick_s), neurons)
    found = np.zeros(shape)
    for entry in network.inputs:
        driven = stimulus.on_ticks(network.tick_s, entry.name)
        values = driven.values[entry.name][:, driven.segment_of_tick]
        found += values @ _spread(network, entry, first, neurons).T
    return found


def _watched(recurrent: Float, thresholds: Float, drives: list[Float]) -> Extremes:
    """What arrives on calibration, in thresholds."""
    lowest, highest, least, most = (np.zeros(thresholds.size) for _ in range(4))
    for drive in drives:
        spikes = np.zeros((drive.shape[0], thresholds.size))
        for tick in range(drive.shape[1]):
            arriving = spikes @ recurrent.T
            tested = arriving + drive[:, tick]
            least, most = np.minimum(least, arriving.min(axis=0)), np.maximum(most, arriving.max(axis=0))
            lowest, highest = np.minimum(lowest, tested.min(axis=0)), np.maximum(highest, tested.max(axis=0))
            spikes = (tested > thresholds).astype(np.float64)
    return Extremes(lowest=lowest, highest=highest, least=least, most=most, inputs=0)


def _scale(recurrent: Float, thresholds: Float, seen: Extremes) -> float:
    """V per threshold: all neurons must be lifted over their thresholds from wherever they are."""
    lifted = 2 * np.maximum(thresholds, 0) + seen.most - seen.lowest - seen.least + np.abs(thresholds)
    held = seen.highest + np.maximum(seen.highest, seen.most) - seen.lowest
    sent = np.abs(recurrent.sum(axis=1)) + held
    return float(V_ROOM / np.maximum(np.maximum(lifted, held), np.maximum(sent, 1e-9)).max())


def _columns(
    network: SpikingNetwork, digits: tuple[DriveDigits, ...], first: Mapping[str, int], neurons: int, scale: float
) -> tuple[Int, Float]:
    """(columns, 3) input, channel and delay; (neurons, columns) whole weights of V."""
    rows: list[tuple[int, int, int]] = []
    weights: list[Float] = []
    for index, (entry, each) in enumerate(zip(network.inputs, digits, strict=True)):
        spread = _spread(network, entry, first, neurons) * each.step * scale
        for channel in range(each.lowest.size):
            for bit in range(each.bits):
                rows.append((index, channel * each.bits + bit, 0))
                weights.append(np.rint(spread[:, channel] * (1 << bit)))
    columns = np.stack(weights, axis=1) if weights else np.zeros((neurons, 0))
    return np.array(rows, dtype=np.int64).reshape(-1, 3), columns
