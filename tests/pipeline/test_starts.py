"""Activity before the first step reaches chips whole: where no filter keeps it, and while it is under way."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.staging import host_work
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.rate import simulate_rate

NEURONS = 64


def net(tau_s: float, delays: tuple[int, int], *, tanh: bool = True) -> RateCircuit:
    """An RNN of tanh units, 2 sigmoid(2 z) - 1, all active before the first step; two weights, each with a delay."""
    units, rng = 4, np.random.default_rng(3)
    pool = RatePopulation(
        name="V1.ss",
        size=units,
        transfer="sigmoid",
        gain=np.full(units, 2.0 if tanh else 4.0),
        offset=np.zeros(units),
        bias=np.linspace(-0.2, 0.2, units),
        saturation=2.0,
        trace_tau_s=0.0,
        initial=np.array([1.8, 0.2, 1.5, 0.6]),
    )
    weights = rng.normal(0.0, 0.4, (2, units, units))
    return RateCircuit(
        name="rnn",
        dt_s=0.001,
        populations=(pool,),
        projections=tuple(
            RateProjection(
                name=f"w{index}", source=pool.name, target=pool.name, weight=weight, tau_s=tau_s, delay_ticks=delay
            )
            for index, (weight, delay) in enumerate(zip(weights, delays, strict=True))
        ),
        inputs=(RateInput(name="drive.x", target=pool.name, weight=np.eye(units)),),
        readouts=(),
        origin_sha256="",
    )


def shown(circuit: RateCircuit) -> Stimulus:
    values = np.random.default_rng(1).normal(0.0, 0.6, (3, 4, circuit.populations[0].size))
    edges = np.array([0.0, 0.002, 0.01, 0.02])
    return Stimulus(name="shown", duration_s=0.03, edges_s=edges, values={"drive.x": values}, labels=np.full(3, -1))


def compiled(circuit: RateCircuit, target: str, folder: Path) -> Artifact:
    stimuli = StimulusSet(calibration=(shown(circuit),), test=())
    model = Model(path=folder / "c.yaml", circuit=circuit, facts={}, read_stimuli=lambda: stimuli, reference=None)
    options = CompileOptions(neurons=NEURONS, steps="equal", planes=1, source=False, figures=False)
    return compile_model(model, target, folder / "a", options)


@pytest.mark.parametrize("target", ["loihi1", "loihi2", "brian2"])
@pytest.mark.parametrize("tau_s", [0.0, 0.0008, 0.01])
@pytest.mark.parametrize("delays", [(0, 0), (0, 2), (3, 5)])
def test_the_first_ticks_are_those_of_the_rate_circuit(
    target: str, tau_s: float, delays: tuple[int, int], tmp_path: Path
) -> None:
    circuit = net(tau_s, delays)
    artifact, stimulus = compiled(circuit, target, tmp_path), shown(circuit)
    rate = simulate_rate(artifact.staged, stimulus).activity["V1.ss"]
    ways = [simulate_brian2(artifact.spiking, stimulus).activity["V1.ss"]]
    ways += [artifact.built.run(stimulus).activity["V1.ss"]] if target != "brian2" else []
    pool = artifact.spiking.population("V1.ss")
    for way in ways:
        off = np.abs(way - rate) / (pool.activity_per_spike * pool.neurons)
        assert off[:, 0].max() < 1.2 / NEURONS
        assert off.max() < 4.0 / NEURONS


def test_the_host_starts_only_what_no_filter_holds(tmp_path: Path) -> None:
    held = compiled(net(0.01, (0, 0)), "loihi1", tmp_path / "held")
    assert [entry.name for entry in held.spiking.inputs] == ["drive.x"]
    sent = compiled(net(0.0, (0, 2)), "loihi1", tmp_path / "sent")
    assert [(e.name, len(e.start)) for e in sent.spiking.inputs] == [("drive.x", 0), ("V1.ss.start", 3)]
    assert host_work(held.spiking, held.target) == ()
    (said,) = host_work(sent.spiking, sent.target)
    assert said == "the initial state of V1.ss, as input in tick 0 to 2 (V1.ss.start)"


def test_an_input_of_another_time_constant_is_filtered_by_the_host(tmp_path: Path) -> None:
    circuit = net(0.01, (0, 0))
    slow = replace(circuit, inputs=(replace(circuit.inputs[0], tau_s=0.03),))
    artifact, stimulus = compiled(slow, "loihi1", tmp_path), shown(slow)
    (said,) = host_work(artifact.spiking, artifact.target)
    assert said == "the filter of input drive.x, 30 ms: V1.ss has one of 10 ms"
    rate = simulate_rate(artifact.staged, stimulus).activity["V1.ss"]
    pool = artifact.spiking.population("V1.ss")
    off = np.abs(artifact.built.run(stimulus).activity["V1.ss"] - rate) / (pool.activity_per_spike * pool.neurons)
    assert off.max() < 4.0 / NEURONS
