"""neurocmc's emulators on the bench networks, one trial on one thread unless said otherwise.

Sparse networks go through the public door for hand-made networks (`run_compartments`), pools through the emulator of
integer networks (`emulate`), which is what compiled circuits run on. Recorded is what a caller needs least: spikes
per neuron, or per pool and tick.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection, RoundingLoss
from neurocmc.ir.trace import Trace
from neurocmc.sim.loihi.compartments.network import LOIHI_RULE, CompartmentNetwork
from neurocmc.sim.loihi.compartments.run import run_compartments
from neurocmc.sim.loihi.emulator import emulate
from tests.bench.emulators.networks import (
    BIAS_EXPONENT,
    CHECK_TICKS,
    DECAY_U,
    DECAY_V,
    THRESHOLD_MANTISSA,
    BenchNetwork,
)
from tests.bench.timing import Spent, spent

NO_LOSS = RoundingLoss(largest=0.0, rms=0.0, clipped=0)
PROBE_TICKS = 500
MOST_TICKS = 2_000_000


class OurBench:
    """One network, compiled; `measure` adds repeats, so that they can be spread over a whole bench.

    A call builds the network's tables before it steps. As building is timed for no system, the time of a call of one
    tick is taken off.
    """

    def __init__(self, network: BenchNetwork, seconds_a_repeat: float) -> None:
        self.network = network
        self.run = stepper(network)
        self.run(PROBE_TICKS)
        self.ticks, stepping = PROBE_TICKS, 0.0
        while stepping < seconds_a_repeat / 4 and self.ticks < MOST_TICKS:
            stepping = self._stepping(self.ticks).processor_s
            wanted = seconds_a_repeat * self.ticks / max(stepping, 1e-6)
            self.ticks = int(np.clip(wanted, self.ticks, min(20 * self.ticks, MOST_TICKS)))
        self.spikes_per_tick = self.run(self.ticks) / self.ticks
        self.steps_per_s: list[float] = []
        self.steps_per_processor_s: list[float] = []

    def measure(self, repeats: int) -> None:
        for _ in range(repeats):
            stepping = self._stepping(self.ticks)
            self.steps_per_s.append(self.ticks / stepping.wall_s)
            self.steps_per_processor_s.append(self.ticks / stepping.processor_s)

    def _stepping(self, ticks: int) -> Spent:
        """What so many ticks take without building: the least of three calls of one tick is taken off."""
        building = [spent(lambda: self.run(1)) for _ in range(3)]
        whole = spent(lambda: self.run(ticks))
        return Spent(
            wall_s=whole.wall_s - min(one.wall_s for one in building),
            processor_s=whole.processor_s - min(one.processor_s for one in building),
        )


def stepper(network: BenchNetwork) -> Callable[[int], int]:
    """Runs a network from its start for so many ticks; returns how many spikes there were."""
    if network.kind == "pools":
        pools = integer_network(network)
        return lambda ticks: int(emulate(pools, {}, 1, ticks, threads=1).counts.sum())
    compartments = compartment_network(network)
    return lambda ticks: int(
        run_compartments(compartments, ticks=ticks, batch=1, record=("counts",), threads=1).counts.sum()
    )


def final_voltage(network: BenchNetwork) -> NDArray[np.int64]:
    """Voltage of every neuron after CHECK_TICKS."""
    if network.kind == "pools":
        run = emulate(integer_network(network), {}, 1, CHECK_TICKS, record_state=True)
        return run.v[0, -1].astype(np.int64)
    run = run_compartments(compartment_network(network), ticks=CHECK_TICKS, batch=1, record=("v",))
    return run.v[0, -1].astype(np.int64)


def compartment_network(network: BenchNetwork) -> CompartmentNetwork:
    """The network neuron by neuron. Only for pools of one neuron."""
    return CompartmentNetwork.from_arrays(
        weights=network.weights,
        decay_u=DECAY_U,
        decay_v=DECAY_V,
        threshold=THRESHOLD_MANTISSA,
        bias=network.bias,
        bias_exponent=BIAS_EXPONENT,
        v_initial=network.v_initial,
    )


def integer_network(network: BenchNetwork, driven: bool = False) -> IntegerNetwork:
    """The network as pools, one population of them; `driven` gives every pool an input of its own."""
    shape = (network.units, network.pool)
    gains = np.zeros((network.units, network.units))
    population = IntegerPopulation(
        name="pools",
        units=shape[0],
        neurons=shape[1],
        decay_u=DECAY_U,
        decay_v=DECAY_V,
        threshold_mantissa=THRESHOLD_MANTISSA,
        bias_mantissa=network.bias.reshape(shape),
        bias_exponent=BIAS_EXPONENT,
        u_initial=np.zeros(shape[0], dtype=np.int64),
        v_initial=network.v_initial.reshape(shape),
        lsb_per_drive=np.ones(shape[0]),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.01, shape[0]),
        wanted_pole=0.9,
        bias_loss=NO_LOSS,
    )
    recurrent = IntegerProjection(
        name="recurrent",
        source="pools",
        target="pools",
        mantissa=network.weights.toarray(),
        exponent=0,
        sign="mixed",
        delay_ticks=0,
        wanted_gain=gains,
        realised_gain=gains,
        loss=NO_LOSS,
    )
    drive = IntegerInput(
        name="drive",
        target="pools",
        axon_mantissa=np.concatenate([2 ** np.arange(1, 8), -(2 ** np.arange(1, 8))]),
        exponent=0,
        payload_bits=0,
        lsb_per_input=np.eye(shape[0]),
        filtered=True,
    )
    return IntegerNetwork(
        name=network.name,
        tick_s=0.001,
        rule=LOIHI_RULE,
        populations=(population,),
        projections=(recurrent,),
        inputs=(drive,) if driven else (),
        readouts=(),
    )
