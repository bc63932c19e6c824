"""Edges of neurosynaptic cores: gains are judged as the cores have them, one connection between two units."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.ir.gates import CORE_GATES
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import TrueNorthTarget, load_target
from neurocmc.theory.realised import late_circuit
from neurocmc.theory.truenorth import kept_by_cores
from neurocmc.verification.edges import Edge, kept_edges
from tests.made.circuits import driven, matched, population, projection


def compiled(second: float) -> tuple[RateCircuit, Stimulus, CoreProgram]:
    """Two projections from one unit to another, 1 and `second`; both units have an input."""
    source, target = population("a", 1), population("b", 1)
    circuit = driven(source)
    circuit = replace(
        circuit,
        populations=(source, target),
        projections=(projection("a", "b", [[1.0]]), projection("a", "b", [[second]], name="again")),
        inputs=(*circuit.inputs, RateInput(name="own", target="b", weight=np.ones((1, 1)))),
    )
    drive = np.array([[[0.0], [1.0]]])
    edges_s, labels = np.array([0.0, 0.05]), np.array([-1])
    values = {"drive": drive, "own": drive}
    stimulus = Stimulus(name="s", duration_s=0.2, edges_s=edges_s, values=values, labels=labels)
    chip = load_target("truenorth")
    assert isinstance(chip, TrueNorthTarget)
    network = matched(circuit, stimulus, chip, 16)
    return circuit, stimulus, Corelets(circuit, Calibrate((stimulus,)).run(circuit)).run(network, chip)


def gain_edge(circuit: RateCircuit, cores: CoreProgram) -> Edge:
    kept = kept_by_cores(circuit, cores)
    edges = kept_edges(kept, "spiking ~ cores", pole_limit=CORE_GATES.pole, gain_limit=CORE_GATES.gain)
    (edge,) = (edge for edge in edges if edge.quantity == "gain of the projections")
    return edge


@pytest.mark.parametrize("second", [0.5, -0.9, -1.0])
def test_two_projections_between_two_units_are_judged_by_their_sum(second: float) -> None:
    """At -1 they cancel and the cores leave both out, which is no error."""
    circuit, _, cores = compiled(second)
    assert gain_edge(circuit, cores).verdict == "pass"
    first, *others = cores.projections
    off = replace(first, realised_gain=first.realised_gain + 0.1)
    spoilt = gain_edge(circuit, replace(cores, projections=(off, *others)))
    assert (spoilt.verdict, spoilt.worst) == ("miss", "a->b")
    assert spoilt.value == pytest.approx(0.1, rel=0.1)


def test_a_filter_that_latency_took_whole_is_a_delay() -> None:
    circuit, stimulus, cores = compiled(0.5)
    populations = tuple(replace(p, realised_pole=np.zeros(p.units)) for p in cores.populations)
    late = tuple(replace(p, latency_ticks=np.full_like(p.latency_ticks, 3)) for p in cores.projections)
    shown = late_circuit(circuit, kept_by_cores(circuit, replace(cores, populations=populations, projections=late)))
    assert {(p.tau_s, p.delay_ticks) for p in shown.projections} == {(0.0, 3)}
    without = replace(shown, inputs=tuple(entry for entry in shown.inputs if entry.name == "drive"))
    activity = simulate_rate(without, stimulus).activity
    step = np.flatnonzero(np.diff(activity["a"][0, :, 0], prepend=0.0))[0]
    assert np.flatnonzero(activity["b"][0, :, 0])[0] == step + 4  # the one tick of every spike, and three more
