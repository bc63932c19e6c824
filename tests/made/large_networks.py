"""Makes networks in integers of any size, whose wiring is that of circuits which outgrow a chip.

    hierarchy  3 regions of 4 populations of columns, one-to-one, and neighbours in one of them
    modules    winner-take-all modules of 10 excitatory units and an inhibitory one, each of its own
    random     one population whose units have 6 sources each, drawn at random
    layers     8 layers of a sheet of units, each of 3 x 3 units of the layer before

Weights are all alike: what is measured is where neurons go, not what they do.
"""

from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.matrices import from_entries, values, with_values
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.trace import Trace
from neurocmc.targets import LoihiTarget

Kind = Literal["hierarchy", "modules", "random", "layers"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Pairs = tuple[Int, Int]  # source and target units
NO_LOSS = RoundingLoss(largest=0.0, rms=0.0, clipped=0)
MANTISSA = 64
REGIONS, CELLS, LAYERS = ("v1", "v2", "v3"), ("ss", "sp", "ii", "dp"), 8
WITHIN = ("ss ss", "ss ii", "ii ss", "ss sp", "sp sp", "sp ii", "ii ii", "ii dp", "dp dp", "dp ii")
UPWARD, DOWNWARD = (("sp", "ss"), ("sp", "dp")), (("dp", "sp"), ("dp", "ii"))
MODULE_UNITS, FAN_IN = 10, 6


def large_network(kind: Kind, neurons: int, target: LoihiTarget, seed: int = 0) -> IntegerNetwork:
    """Returns a network of about so many neurons, and of the size of pools that the kind has."""
    pools, wires, inputs = {"hierarchy": hierarchy, "modules": modules, "random": random, "layers": layers}[kind](
        neurons, seed
    )
    return IntegerNetwork(
        name=f"{kind} {neurons}",
        tick_s=1e-3,
        rule=StepRule.of(target.limits),
        populations=tuple(_population(name, units, each) for name, (units, each) in pools.items()),
        projections=tuple(
            _projection(source, whose, pairs, (pools[whose][0], pools[source][0])) for source, whose, pairs in wires
        ),
        inputs=tuple(_input(name, pools[name][0]) for name in inputs),
        readouts=(),
    )


Parts = tuple[dict[str, tuple[int, int]], list[tuple[str, str, Pairs]], list[str]]


def hierarchy(neurons: int, seed: int, each: int = 32) -> Parts:
    """Columns of three regions."""
    columns = max(neurons // (each * len(REGIONS) * len(CELLS)), 1)
    own = np.arange(columns)
    pools = {f"{region} {cell}": (columns, each) for region in REGIONS for cell in CELLS}
    wires: list[tuple[str, str, Pairs]] = []
    for region in REGIONS:
        for source, target in map(str.split, WITHIN):
            beside = [own[1:], own[:-1]], [own[:-1], own[1:]]
            pairs = own, own
            if source == target == "sp":  # neighbours as well
                pairs = np.concatenate([own, *beside[0]]), np.concatenate([own, *beside[1]])
            wires.append((f"{region} {source}", f"{region} {target}", pairs))
    for low, high in pairwise(REGIONS):
        wires += [(f"{low} {source}", f"{high} {target}", (own, own)) for source, target in UPWARD]
        wires += [(f"{high} {source}", f"{low} {target}", (own, own)) for source, target in DOWNWARD]
    return pools, wires, ["v1 ss"]


def modules(neurons: int, seed: int, each: int = 32) -> Parts:
    """Soft winner-take-all modules."""
    count_of = max(neurons // (each * (MODULE_UNITS + 1)), 1)
    own, one = np.arange(MODULE_UNITS), np.zeros(MODULE_UNITS, dtype=np.int64)
    pools: dict[str, tuple[int, int]] = {}
    wires: list[tuple[str, str, Pairs]] = []
    for number in range(count_of):
        excitatory, inhibitory = f"e{number}", f"i{number}"
        pools |= {excitatory: (MODULE_UNITS, each), inhibitory: (1, each)}
        wires += [(excitatory, excitatory, (own, own)), (excitatory, inhibitory, (own, one))]
        wires += [(inhibitory, excitatory, (one, own))]
    return pools, wires, [name for name in pools if name.startswith("e")]


def random(neurons: int, seed: int, each: int = 16) -> Parts:
    """One population with sources drawn at random."""
    units = max(neurons // each, 1)
    target = np.repeat(np.arange(units), FAN_IN)
    source = np.random.default_rng(seed).integers(0, units, target.size)
    return {"all": (units, each)}, [("all", "all", (source, target))], ["all"]


def layers(neurons: int, seed: int, each: int = 32) -> Parts:
    """Sheets of units, each of its neighbourhood in the sheet before."""
    side = max(round((neurons / (each * LAYERS)) ** 0.5), 1)
    pools = {f"layer {k}": (side * side, each) for k in range(LAYERS)}
    row, column = np.divmod(np.arange(side * side), side)
    near: list[Pairs] = []
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            inside = (row + down >= 0) & (row + down < side) & (column + right >= 0) & (column + right < side)
            near.append((((row + down) * side + column + right)[inside], np.flatnonzero(inside)))
    pairs = np.concatenate([source for source, _ in near]), np.concatenate([target for _, target in near])
    return pools, [(f"layer {k}", f"layer {k + 1}", pairs) for k in range(LAYERS - 1)], ["layer 0"]


def _population(name: str, units: int, neurons: int) -> IntegerPopulation:
    return IntegerPopulation(
        name=name,
        units=units,
        neurons=neurons,
        decay_u=300,
        decay_v=4095,
        threshold_mantissa=1000,
        bias_mantissa=np.zeros((units, neurons)),
        bias_exponent=0,
        u_initial=np.zeros(units),
        v_initial=np.zeros((units, neurons)),
        lsb_per_drive=np.ones(units),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.02, units),
        wanted_pole=0.9,
        bias_loss=NO_LOSS,
    )


def _projection(source: str, target: str, pairs: Pairs, shape: tuple[int, int]) -> IntegerProjection:
    """Weights of 64, twice as large where a pair comes twice."""
    sources, targets = pairs
    gain = from_entries(targets, sources, np.ones(sources.size), shape)
    return IntegerProjection(
        name=f"{source}->{target}",
        source=source,
        target=target,
        mantissa=with_values(gain, MANTISSA * (values(gain) > 0)),
        exponent=0,
        sign="excitatory",
        delay_ticks=0,
        wanted_gain=gain,
        realised_gain=gain,
        loss=NO_LOSS,
    )


def _input(target: str, units: int) -> IntegerInput:
    return IntegerInput(
        name=f"drive of {target}",
        target=target,
        axon_mantissa=np.array([2 << bit for bit in range(7)]),
        exponent=0,
        payload_bits=0,
        lsb_per_input=np.ones((units, 1)),
        filtered=True,
    )
