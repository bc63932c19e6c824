"""A core program small enough to count by hand: two units of four neurons and a splitter, on three of 4,096 cores.

a/0, core 0 at (0, 0): filter 0..1, pool 2..5 on the output bus, copy 6..7 to the splitter, bias 8
a/1, core 1 at (1, 0): filter 0..1, pool 2..5, of which 2..3 excite a/0
a/0/splitter, core 2 at (1, 1): neurons 0..1 to a/1

A core has 16 axons and 16 neurons; types are 0 feedback (-12), 1 projection (3), 2 drive and bias (5).
"""

from typing import Any

import numpy as np

from neurocmc.ir.rate import Readout
from neurocmc.ir.trace import Trace
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, RESET_NONE, RESET_TO, CoreNetwork, packed
from neurocmc.ir.truenorth.program import (
    AxonGroup,
    AxonRole,
    CoreInput,
    CorePopulation,
    CoreProgram,
    CoreProjection,
    NeuronGroup,
    NeuronRole,
)
from neurocmc.report.truenorth.load import CoreLoad

CORES, AXONS, NEURONS, TYPES = 3, 16, 16, 3
FLOOR = 8


def core_network() -> CoreNetwork:
    fields: dict[str, Any] = {
        name: np.zeros((CORES, NEURONS), dtype=np.int64)
        for name in ("leak", "noise_mask", "reset_potential", "reset_mode", "potential", "target_axon")
    }
    fields |= {name: np.zeros((CORES, NEURONS), dtype=np.bool_) for name in ("stochastic_leak", "leak_reversal")}
    threshold = np.full((CORES, NEURONS), 1000)
    target = np.full((CORES, NEURONS), NOWHERE)
    axon_type = np.zeros((CORES, AXONS), dtype=np.int64)
    connected = np.zeros((CORES, AXONS, NEURONS), dtype=np.bool_)
    weight = np.zeros((CORES, NEURONS, TYPES), dtype=np.int64)
    for core, neurons, axons in ((0, 8, 7), (1, 6, 4)):
        weight[core] = (-12, 3, 5)
        connected[core, :axons, :neurons] = True
        threshold[core, :6] = (8, 16, 4, 8, 12, 16)
        fields["reset_mode"][core, :neurons] = RESET_NONE
        fields["potential"][core, :neurons] = FLOOR
        fields["leak"][core, :neurons] = 1
        target[core, :2], fields["target_axon"][core, :2] = core, (0, 1)
    axon_type[0, :7] = (0, 0, 2, 2, 0, 1, 1)
    axon_type[1, :4] = (0, 0, 1, 1)
    threshold[0, 6:8] = (6, 14)
    target[0, 2:6], fields["target_axon"][0, 2:6] = OUTPUT, range(4)
    target[0, 6:8], fields["target_axon"][0, 6:8] = 2, (0, 1)
    target[0, 8], fields["target_axon"][0, 8] = 0, 2
    target[1, 2:4], fields["target_axon"][1, 2:4] = 0, (5, 6)
    threshold[0, 8], fields["leak"][0, 8], fields["reset_mode"][0, 8] = 1, 1, RESET_TO
    weight[2, :2, 0], threshold[2, :2] = 1, 1
    connected[2, (0, 1), (0, 1)] = True
    target[2, :2], fields["target_axon"][2, :2] = 1, (2, 3)
    network = CoreNetwork(
        name="by hand",
        neurons=NEURONS,
        coordinates=np.array([[0, 0], [1, 0], [1, 1]]),
        axon_type=axon_type,
        crossbar=packed(connected),
        weight=weight,
        stochastic_weight=np.zeros((CORES, NEURONS, TYPES), dtype=np.bool_),
        threshold=threshold,
        floor=np.full((CORES, NEURONS), FLOOR),
        floor_saturates=np.ones((CORES, NEURONS), dtype=np.bool_),
        target_core=target,
        delay=np.ones((CORES, NEURONS), dtype=np.int64),
        outputs=4,
        **fields,
    )
    assert network.problems() == ()
    return network


def core_program(target: str = "truenorth") -> CoreProgram:
    made = CoreProgram(
        network=core_network(),
        target=target,
        tick_s=1e-3,
        populations=(
            CorePopulation(
                name="a",
                units=2,
                neurons=4,
                core=np.array([0, 1]),
                first=np.array([2, 2]),
                activity_per_spike=0.25,
                trace=Trace.at_rest(0.02, 2),
                lsb_per_drive=np.array([16.0, 16.0]),
                wanted_pole=np.array([0.95, 0.95]),
                realised_pole=np.array([0.9, 0.94]),
                gain_residual=np.array([0.02, 0.005]),
                given_back=np.array([0.001, 0.0]),
                before=np.array([0, 2]),
            ),
        ),
        projections=(
            CoreProjection(
                name="a->a",
                source="a",
                target="a",
                wanted_gain=np.array([[0.0, 0.5], [0.4, 0.0]]),
                realised_gain=np.array([[0.0, 0.49], [0.4, 0.0]]),
                axons=np.array([[0, 2], [2, 0]]),
                latency_ticks=np.array([[0, 0], [1, 0]]),
            ),
        ),
        inputs=(
            CoreInput(
                name="drive",
                target="a",
                core=np.array([0, 1]),
                axon=np.array([[3, 4], [0, 0]]),
                weight=np.array([[5, -12], [0, 0]]),
                lsb_per_input=np.array([[16.0], [0.0]]),
                keep=np.array([0.9, 0.94]),
                filter_pole=0.9,
                lift=np.array([0.0, 12.0]),
            ),
        ),
        readouts=(Readout(name="winner", kind="winner", population="a", window_s=0.1, labels=("0", "1")),),
        neuron_groups=(
            *(
                _neurons("a/0", role, 0, *span)
                for role, span in (("filter", (0, 2)), ("pool", (2, 6)), ("copy", (6, 8)), ("bias", (8, 9)))
            ),
            *(_neurons("a/1", role, 1, *span) for role, span in (("filter", (0, 2)), ("pool", (2, 6)))),
            _neurons("a/0/splitter", "splitter", 2, 0, 2),
        ),
        axon_groups=(
            *(
                _axons("a/0", role, source, 0, *span)
                for role, source, span in (
                    ("feedback", "a/0", (0, 2)),
                    ("bias", "a/0", (2, 3)),
                    ("input", "drive", (3, 5)),
                    ("projection", "a/1", (5, 7)),
                )
            ),
            _axons("a/1", "feedback", "a/1", 1, 0, 2),
            _axons("a/1", "projection", "a/0", 1, 2, 4),
            _axons("a/0/splitter", "splitter", "a/0", 2, 0, 2),
        ),
    )
    assert made.problems() == ()
    return made


def core_load() -> CoreLoad:
    """Half a spike a tick of every pool and filter, one of the bias neuron, a quarter of copies and splitters."""
    neurons, host = np.zeros((CORES, NEURONS)), np.zeros((CORES, AXONS))
    neurons[:2, :6] = 0.5
    neurons[0, 6:8] = neurons[2, :2] = 0.25
    neurons[0, 8] = 1.0
    host[0, 3:5] = 0.125, 0.25
    return CoreLoad(
        source="written by hand",
        ticks=200,
        trials=3,
        neurons_per_tick=neurons,
        host_per_tick=host,
        synaptic_events_per_tick=40.0,
        saturations=0,
    )


def _neurons(corelet: str, role: NeuronRole, core: int, start: int, stop: int) -> NeuronGroup:
    return NeuronGroup(corelet=corelet, role=role, core=core, start=start, stop=stop)


def _axons(corelet: str, role: AxonRole, source: str, core: int, start: int, stop: int) -> AxonGroup:
    return AxonGroup(corelet=corelet, role=role, source=source, core=core, start=start, stop=stop)
