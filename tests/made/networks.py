"""Random valid integer networks and host values, for tests of everything that interprets or emits them."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.trace import Trace
from neurocmc.sim.loihi.host import largest_value

NO_LOSS = RoundingLoss(largest=0.0, rms=0.0, clipped=0)

LOIHI_RULE = StepRule(
    order=("receive", "bias", "u", "v", "threshold", "reset", "send"),
    spike_delay_ticks=1,
    weight_shift=6,
    threshold_shift=6,
    decay_bits=12,
    decay_u_offset=1,
    current_bits=24,
    voltage_bits=24,
)


def random_network(seed: int, populations: int = 3, payload_bits: int = 0, delays: int = 4) -> IntegerNetwork:
    """A network that fires: all sign modes, exponents from -3 to 2, delays below `delays`, biases of either sign."""
    rng = np.random.default_rng(seed)
    pools = tuple(_population(rng, f"pool{index}") for index in range(populations))
    projections = tuple(
        _projection(rng, source, target, delays)
        for source in pools
        for target in pools
        for _ in range(rng.integers(1, 3))
    )
    named = tuple(_renamed(projection, f"p{index}") for index, projection in enumerate(projections))
    inputs = tuple(_input(rng, f"drive{index}", pool, payload_bits) for index, pool in enumerate(pools[:2]))
    network = IntegerNetwork(
        name=f"random-{seed}",
        tick_s=0.001,
        rule=LOIHI_RULE,
        populations=pools,
        projections=named,
        inputs=inputs,
        readouts=(),
    )
    assert not network.problems(), network.problems()
    return network


def random_values(network: IntegerNetwork, seed: int, batch: int, ticks: int) -> dict[str, NDArray[np.int32]]:
    """Values that the axons can carry, with ticks of rest, of either sign; tick 0 is never at rest."""
    rng = np.random.default_rng(seed)
    values: dict[str, NDArray[np.int32]] = {}
    for entry in network.inputs:
        units = network.population(entry.target).units
        limit = min(largest_value(entry), 2000) // 2
        drawn = 2 * rng.integers(-limit // 4, limit + 1, (batch, ticks, units))
        rest = rng.random((batch, ticks, 1)) < 0.4
        rest[:, 0] = False
        values[entry.name] = np.where(rest, 0, drawn).astype(np.int32)
    return values


def _population(rng: np.random.Generator, name: str) -> IntegerPopulation:
    units, neurons = int(rng.integers(2, 5)), int(rng.integers(3, 9))
    threshold = int(rng.integers(400, 4000))
    exponent = int(rng.integers(0, 7))
    spread = max(1, (threshold << 6) // 8 >> exponent)
    bias = np.clip(rng.integers(-spread, spread + 1, (units, neurons)), -4096, 4095)
    return IntegerPopulation(
        name=name,
        units=units,
        neurons=neurons,
        decay_u=int(rng.choice([0, 97, 409, 1600, 4095])),
        decay_v=int(rng.choice([0, 130, 900, 4095])),
        threshold_mantissa=threshold,
        bias_mantissa=bias,
        bias_exponent=exponent,
        u_initial=rng.integers(-(threshold << 5), threshold << 5, units),
        v_initial=rng.integers(-(threshold << 6), threshold << 6, (units, neurons)),
        lsb_per_drive=np.ones(units),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.02, units),
        wanted_pole=0.95,
        bias_loss=NO_LOSS,
    )


def _projection(
    rng: np.random.Generator, source: IntegerPopulation, target: IntegerPopulation, delays: int
) -> IntegerProjection:
    sign = ("excitatory", "inhibitory", "mixed")[rng.integers(0, 3)]
    low, high = {"excitatory": (0, 256), "inhibitory": (-255, 1), "mixed": (-128, 128)}[sign]
    mantissa = rng.integers(low, high, (target.units, source.units)) * (2 if sign == "mixed" else 1)
    mantissa = np.where(rng.random(mantissa.shape) < 0.3, 0, mantissa)
    gain = np.ones(mantissa.shape)
    return IntegerProjection(
        name="unnamed",
        source=source.name,
        target=target.name,
        mantissa=mantissa,
        exponent=int(rng.integers(-3, 3)),
        sign=sign,
        delay_ticks=int(rng.integers(0, delays)),
        wanted_gain=gain,
        realised_gain=gain,
        loss=NO_LOSS,
    )


def _renamed(projection: IntegerProjection, suffix: str) -> IntegerProjection:
    fields = {field: getattr(projection, field) for field in IntegerProjection.__dataclass_fields__}
    return IntegerProjection(**{**fields, "name": f"{projection.source}-{projection.target}-{suffix}"})


def _input(rng: np.random.Generator, name: str, target: IntegerPopulation, payload_bits: int) -> IntegerInput:
    powers = 2 ** np.arange(1, 8)
    axons = np.concatenate([[254] * int(rng.integers(1, 4)), powers, -powers])
    return IntegerInput(
        name=name,
        target=target.name,
        axon_mantissa=np.array([1]) if payload_bits else axons,
        exponent=int(rng.integers(0, 5)),
        payload_bits=payload_bits,
        lsb_per_input=np.ones((target.units, target.units)),
        filtered=True,
    )
