"""Writes the layered part of a network as `network.net`, the HDF5 file that lava-dl's netx loads.

netx knows a chain of layers, each with one weight matrix from the layer before. What of a network can be such a
layer *to the bit* is decided here, and why the rest cannot is said: a file that merely resembled the network would be
worse than none. netx 0.6.0 (hdf5.py, utils.py) stores whole-number weights without an exponent, scales them to eight
bits on loading, starts every neuron at 0, and shifts all biases by 6. Decays and thresholds may differ from neuron to
neuron: Lava's LIF takes them as arrays, and netx passes on what the file holds.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem
from neurocmc.common.files import write_file
from neurocmc.common.matrices import full, values
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.sim.loihi.registers import shift

BIAS_EXPONENT = 6  # of every netx bias
BIAS_MANTISSA = (-4096, 4095)
LONGEST_DELAY_TICKS = 62
_ELSEWHERE = "use run.py, which holds the whole network"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetxLayer:
    """Populations side by side, fed by the layer before alone; the first by the host's axons, input by input."""

    populations: tuple[str, ...]
    weight: Int  # (neurons, neurons or axons of the layer before), with its exponent multiplied in
    delay_ticks: Int  # the same shape
    decay_u: Int  # (neurons,), as are all that follow
    decay_v: Int
    threshold_mantissa: Int
    bias_mantissa: Int  # with exponent 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayeredPart:
    """The part of a network that netx can express, and why it cannot express the rest."""

    layers: tuple[NetxLayer, ...]
    left_out: tuple[Problem, ...]
    message_bits: int  # to load the network with: 0, or those of the host's payloads


def layered_part(network: IntegerNetwork) -> LayeredPart:
    """Returns the longest chain of layers from the host's inputs on that netx holds as it is."""
    left_out: list[Problem] = []
    placed: set[str] = set()
    layers: list[NetxLayer] = []
    while members := [p for p in network.populations if _stands_next(network, p, layers, placed)]:
        faults = {p.name: tuple(_faults(network, p)) for p in members}
        left_out += [fault for p in members for fault in faults[p.name]]
        fit = [p for p in members if not faults[p.name]]
        placed |= {p.name for p in members}
        if not fit:
            break
        layer = _layer(network, fit, layers)
        if wrong := _wrong_weight(layer):
            left_out.append(wrong)
            break
        layers.append(layer)
    left_out += [_not_layered(network, p) for p in network.populations if p.name not in placed]
    bits = max((entry.payload_bits for entry in network.inputs), default=0) if layers else 0
    return LayeredPart(layers=tuple(layers), left_out=tuple(left_out), message_bits=bits)


def write_netx(path: Path, part: LayeredPart, name: str, tick_s: float) -> None:
    """Writes `part`, which has a layer at least, as netx reads it; its bytes depend on its contents alone."""
    import h5py  # here and not above: no circuit but a layered one needs it

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update({"name": name, "tick_s": tick_s, "message_bits": part.message_bits})
        first = file.create_group("layer/0")
        first["type"], first["shape"] = np.bytes_("input"), np.array([part.layers[0].weight.shape[1]])
        for index, layer in enumerate(part.layers, start=1):
            group = file.create_group(f"layer/{index}")
            group.attrs["populations"] = list(layer.populations)
            group["type"], group["shape"] = np.bytes_("dense"), np.array([len(layer.weight)])
            group["weight"], group["bias"] = layer.weight, layer.bias_mantissa
            if layer.delay_ticks.any():
                group["delay"] = layer.delay_ticks
            neuron = group.create_group("neuron")
            neuron["type"] = np.bytes_("CUBA")
            neuron["iDecay"], neuron["vDecay"] = _shared(layer.decay_u + 1), _shared(layer.decay_v)
            neuron["vThMant"], neuron["refDelay"] = _shared(layer.threshold_mantissa), 1
    write_file(path, memory.getvalue())


def _shared(values: Int) -> Int | int:
    """One number where all neurons have the same, as in the files of netx's own makers."""
    return int(values[0]) if (values == values[0]).all() else values


def _stands_next(
    network: IntegerNetwork, population: IntegerPopulation, layers: list[NetxLayer], placed: set[str]
) -> bool:
    """Whether all that reaches a population comes from the last layer (from the host, before there is one)."""
    if population.name in placed:
        return False
    sources = {p.source for p in network.into(population.name)}
    driven = bool(network.inputs_into(population.name))
    if not layers:
        return driven and not sources
    return not driven and bool(sources) and sources <= set(layers[-1].populations)


def _not_layered(network: IntegerNetwork, population: IntegerPopulation) -> Problem:
    sources = [p.source for p in network.into(population.name)]
    sources += [f"input {entry.name}" for entry in network.inputs_into(population.name)]
    heard = ", ".join(dict.fromkeys(sources)) or "nothing"
    what = f"it receives from {heard}, but a layer of netx has only the layer before it as its source"
    return Problem("netx-cannot-hold", f"population {population.name}", what, _ELSEWHERE)


def _faults(network: IntegerNetwork, population: IntegerPopulation) -> Iterator[Problem]:
    """What of a population, and of all that reaches it, netx has no place for."""
    where = f"population {population.name}"
    if population.u_initial.any() or population.v_initial.any():
        yield Problem(
            "netx-cannot-hold", where, "its neurons do not start at 0; netx starts all neurons at 0", _ELSEWHERE
        )
    bias = population.bias_lsb
    low, high = (bound << BIAS_EXPONENT for bound in BIAS_MANTISSA)
    if (bias % (1 << BIAS_EXPONENT)).any() or bias.min(initial=0) < low or bias.max(initial=0) > high:
        what = f"its biases are not multiples of 64 from {low} to {high}, as netx needs them"
        yield Problem("netx-cannot-hold", where, what, _ELSEWHERE)
    delay_from: dict[str, int] = {}
    for projection in network.projections:
        if projection.target != population.name:
            continue
        yield from _exponent_fault(f"projection {projection.name}", projection)
        if delay_from.setdefault(projection.source, projection.delay_ticks) != projection.delay_ticks:
            what = f"a second delay from {projection.source}: netx has one delay per source"
            yield Problem("netx-cannot-hold", f"projection {projection.name}", what, _ELSEWHERE)
        if projection.delay_ticks > LONGEST_DELAY_TICKS:
            what = f"delay of {projection.delay_ticks} ticks, netx clamps at {LONGEST_DELAY_TICKS}"
            yield Problem("netx-cannot-hold", f"projection {projection.name}", what, _ELSEWHERE)


def _exponent_fault(where: str, projection: IntegerProjection) -> Iterator[Problem]:
    """A negative exponent rounds a sum down; only where it never has to is it the same as smaller weights."""
    if projection.exponent < 0 and (values(projection.mantissa) % (1 << -projection.exponent)).any():
        what = f"exponent {projection.exponent} with mantissas that are not multiples of {1 << -projection.exponent}"
        yield Problem("netx-cannot-hold", where, f"{what}: netx has no exponent of its own", _ELSEWHERE)


def _layer(network: IntegerNetwork, members: list[IntegerPopulation], layers: list[NetxLayer]) -> NetxLayer:
    """The members as one layer after those there are."""
    if layers:
        rows = [_rows(network, population, layers[-1].populations) for population in members]
    else:
        rows = [(weight, np.zeros_like(weight)) for weight in (_axon_rows(network, p) for p in members)]

    def row(values: Iterable[Int]) -> Int:
        return np.concatenate(list(values))

    def repeated(field: str) -> Int:
        return row(np.full(p.units * p.neurons, getattr(p, field), dtype=np.int64) for p in members)

    return NetxLayer(
        populations=tuple(p.name for p in members),
        weight=np.vstack([weight for weight, _ in rows]),
        delay_ticks=np.vstack([delay for _, delay in rows]),
        decay_u=repeated("decay_u"),
        decay_v=repeated("decay_v"),
        threshold_mantissa=repeated("threshold_mantissa"),
        bias_mantissa=row(p.bias_lsb.ravel() >> BIAS_EXPONENT for p in members),
    )


def _rows(network: IntegerNetwork, target: IntegerPopulation, sources: tuple[str, ...]) -> tuple[Int, Int]:
    """Weights and delays from all neurons of the layer before."""
    weights: list[Int] = []
    delays: list[Int] = []
    for name in sources:
        source = network.population(name)
        shape = (target.units, source.units)
        weight, delay = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for projection in network.projections:
            if (projection.source, projection.target) == (name, target.name):
                shifted = shift(full(projection.mantissa), projection.exponent)
                weight = weight + shifted
                delay = np.where(shifted != 0, projection.delay_ticks, delay)
        all_to_all = np.ones((target.neurons, source.neurons), dtype=np.int64)
        weights.append(np.kron(weight, all_to_all))
        delays.append(np.kron(delay, all_to_all))
    return np.hstack(weights), np.hstack(delays)


def _axon_rows(network: IntegerNetwork, target: IntegerPopulation) -> Int:
    """Weights from all axons of all inputs, in the network's order; axon k of unit i is i * axons + k."""
    blocks = [_axon_block(network, entry, target) for entry in network.inputs]
    return np.hstack(blocks)


def _axon_block(network: IntegerNetwork, entry: IntegerInput, target: IntegerPopulation) -> Int:
    axons, units = entry.axon_mantissa.size, network.population(entry.target).units
    if entry.target != target.name:
        return np.zeros((target.units * target.neurons, units * axons), dtype=np.int64)
    one = (entry.axon_mantissa << entry.exponent)[None, :]
    return np.repeat(np.kron(np.eye(units, dtype=np.int64), one), target.neurons, axis=0)


def _wrong_weight(layer: NetxLayer) -> Problem | None:
    """A weight that netx and Lava would change on the way into the synapses."""
    held = as_netx_holds(layer.weight)
    if held is None or not (held == layer.weight).all():
        low, high = int(layer.weight.min()), int(layer.weight.max())
        what = f"weights from {low} to {high}, exponents multiplied in, do not fit the eight bits of netx"
        return Problem("netx-cannot-hold", f"layer of {', '.join(layer.populations)}", what, _ELSEWHERE)
    return None


def as_netx_holds(weight: Int) -> Int | None:
    """Returns what weights become: scaled to eight bits by netx, then clipped and truncated by Lava.

    These are effective values, exponent included; None where netx would clip them or shift by a negative number.
    """
    if not weight.any():
        return None
    low, high = int(weight.min()), int(weight.max())
    if low < -256 or high > 255 or (high > 254 and low < 0):
        return None
    mixed = low < 0 <= high
    with np.errstate(divide="ignore"):
        if mixed:
            scale = min(np.float64(127) / high, np.float64(-128) / low)
        else:
            scale = np.float64(255) / high if low >= 0 else np.float64(-256) / low
    shift = int(np.floor(np.log2(scale))) + mixed
    if shift < 0:
        return None
    spare = next((n for n in range(8, 0, -1) if not (weight % (1 << n)).any()), 0) - mixed
    scaled = weight << shift
    return _lava_synapses(scaled, weight_bits=8 - shift - spare) >> shift


def _lava_synapses(weight: Int, weight_bits: int) -> Int:
    """Lava's clip_weights and truncate_weights, with the sign mode it reads off the weights."""
    if weight.min() >= 0:
        return _truncated(np.clip(weight, 0, 255), 8 - weight_bits)
    if weight.max() <= 0:
        return -_truncated(np.clip(-weight, 0, 255), 8 - weight_bits)
    return _truncated(np.clip(weight, -256, 255), 9 - weight_bits)


def _truncated(weight: NDArray[np.int64], bits: int) -> Int:
    """Low bits dropped. Lava shifts by a negative number of bits where there are too few, which leaves nothing."""
    return weight >> bits << bits if bits >= 0 else np.zeros_like(weight)
