"""`export DIR --to nir`: circuits run in Norse from the file, networks of neurons come back as they were."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.backends.nir import pool_currents, pools_graph, realised, write_graph
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.frontends.nir.read import read_nir
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.loihi_neurons import LoihiNeurons
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.exports.export import export
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.model import load_nir
from neurocmc.pipeline.neurons.options import NeuronOptions, Weights
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.reference import run_reference
from neurocmc.sim.neurons import simulate_neurons
from tests.backends.nir_made import network_of, pools, source_graph, steps
from tests.frameworks.runs import run
from tests.lava_environment import ROOT, spiking_python
from tests.made.built import loihi

Dense = NDArray[np.float32]


def driven(path: Path, currents: NDArray[Any], semantics: str, dt_s: float | None = None) -> Dense:
    """The spikes of our float interpreter of a circuit's graph, (trials, ticks, neurons)."""
    network = read_nir(path, semantics=semantics, dt_s=dt_s).network
    trials, ticks, _ = currents.shape
    silent = {"input": SpikeList.of_dense(np.zeros((1, 1, 1)))}
    stimulus = EventStimulus(name="given", ticks=ticks, labels=np.full(trials, -1), spikes=silent)
    found = simulate_neurons(network, stimulus, currents={"input": currents})
    return found.spikes["neurons"].dense(trials, ticks, network.neurons)


def emulated(network: IntegerNetwork, stimulus: Stimulus) -> Dense:
    values = encode(network, stimulus)
    runs = [run_reference(network, values, trial).spikes for trial in range(stimulus.batch)]
    return np.stack(runs).astype(np.float32)


def apart(left: NDArray[Any], right: NDArray[Any]) -> int:
    return int(np.abs(left.astype(np.float64) - right).sum())


def in_norse(graph: Path, stimulus: Path, out: Path, dt_s: float) -> dict[str, NDArray[Any]]:
    run("run_graph", "norse", str(graph), str(stimulus), str(out), "--dt", str(dt_s))
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays}


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The four-unit circuit."""
    options = CompileOptions(neurons=16, figures=False)
    return compile_model(ROOT / "examples" / "circuit.yaml", "loihi1", tmp_path_factory.mktemp("four") / "b", options)


def test_a_circuit_is_one_population_whose_spikes_are_the_emulators_to_half_a_percent(
    circuit: Artifact, tmp_path: Path
) -> None:
    notes = export(circuit, "nir", tmp_path / "net.nir")
    assert "reset to zero" in notes[0]
    currents = np.load(tmp_path / "net.switch.npz")["input"]
    theirs = emulated(loihi(circuit).integer, circuit.stimuli.by_name()["switch"])
    ours = driven(tmp_path / "net.nir", currents, "neurocmc")
    assert theirs.sum() > 9_000
    assert apart(ours, theirs) <= 0.005 * theirs.sum()


def test_what_stands_beside_a_circuit_says_whose_its_neurons_and_channels_are(
    circuit: Artifact, tmp_path: Path
) -> None:
    export(circuit, "nir", tmp_path / "net.nir")
    model = read_nir(tmp_path / "net.nir", semantics="neurocmc")
    beside = model.facts["metadata"]
    assert isinstance(beside, dict)
    assert {key: beside[key] for key in ("dt", "reset", "integrator", "spike", "neurocmc_semantics")} == {
        "dt": 1e-3,
        "reset": "zero",
        "integrator": "euler",
        "spike": "v > threshold",
        "neurocmc_semantics": "neurocmc",
    }
    assert json.loads(beside["neurons"]["neurocmc_populations"]) == [
        {"name": "excite", "first": 0, "units": 4, "neurons": 16},
        {"name": "inhibit", "first": 64, "units": 1, "neurons": 16},
    ]
    channels = json.loads(beside["input"]["neurocmc_channels"])
    assert [(entry["name"], entry["first"], entry["units"]) for entry in channels] == [
        ("drive", 0, 4),
        ("start of tick 0", 4, 1),
    ]
    integer, own = loihi(circuit).integer, model.network.populations[0]
    keep = integer.rule.keep_u(integer.populations[0].decay_u)
    assert (own.pole_syn == keep / 4096).all()
    assert (own.gain_syn == 1).all()
    assert (own.gain_mem == 1).all()
    assert (own.threshold == 1).all()


def test_a_file_has_the_same_bytes_every_time(circuit: Artifact, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(circuit, "nir", tmp_path / f"{name}.nir")
    for ending in ("nir", "switch.npz"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


@pytest.mark.slow
def test_norse_has_every_spike_of_our_interpreter_and_nearly_all_of_the_emulators(
    circuit: Artifact, tmp_path: Path
) -> None:
    graph, stimulus = tmp_path / "net.nir", tmp_path / "net.switch.npz"
    export(circuit, "nir", graph)
    norse = in_norse(graph, stimulus, tmp_path / "out.npz", 1e-3)["spikes/neurons"]
    currents = np.load(stimulus)["input"]
    assert apart(norse, driven(graph, currents, "norse", 1e-3)) == 0
    assert apart(norse, driven(graph, currents, "neurocmc")) == 0
    theirs = emulated(loihi(circuit).integer, circuit.stimuli.by_name()["switch"])
    assert apart(norse, theirs) <= 0.005 * theirs.sum()


@pytest.mark.slow
def test_the_formats_own_library_loads_it_and_writes_the_same(
    circuit: Artifact, neurons: NeuronArtifact, tmp_path: Path
) -> None:
    python = spiking_python()
    if python is None:
        pytest.skip("needs the extra [torch]")
    for artifact, name in ((circuit, "circuit"), (neurons, "neurons")):
        first, again = tmp_path / f"{name}.nir", tmp_path / f"{name}-again.nir"
        export(artifact, "nir", first)
        command = [str(python), str(Path(__file__).parent / "nir_round_trip.py"), str(first), str(again)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        assert said[0] == said[1]
        assert {"CubaLIF", "Input", "Output"} <= set(said)
        assert_same(read_nir(first, semantics="neurocmc").network, read_nir(again, semantics="neurocmc").network)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"v_initial": np.zeros((2, 3)), "u_initial": np.zeros(2)},
        {"u_initial": np.zeros(2), "bias_mantissa": np.zeros((2, 3))},
        {"decay_v": 2048},
        {"decay_u": 4095},
        {"decay_u": 4095, "decay_v": 2048},
    ],
)
def test_biases_and_starts_are_exact(tmp_path: Path, fields: dict[str, Any]) -> None:
    network = network_of(pools(**fields))
    write_graph(pools_graph(network), tmp_path / "net.nir")
    theirs = emulated(network, steps())
    assert theirs.sum() > 10
    ours = driven(tmp_path / "net.nir", pool_currents(network, steps()), "neurocmc")
    # Halves of small negative numbers are where the chip rounds and real numbers do not: all but the last bits agree.
    assert apart(ours[:, :4], theirs[:, :4]) == 0
    assert apart(ours, theirs) <= 0.02 * theirs.sum()


def test_a_circuit_with_longer_delays_is_refused_by_name() -> None:
    with pytest.raises(InfeasibleError) as caught:
        pools_graph(network_of(pools(), delay_ticks=2))
    problem = caught.value.problems[0]
    assert (problem.id, problem.where) == ("nir-cannot-say", "projection a->a")
    assert "3 ticks" in problem.what


def compiled(folder: Path, source: Path, semantics: str, weights: Weights = "two") -> NeuronArtifact:
    model = load_nir(source, semantics=semantics, reset="zero")
    return compile_neurons(model, "loihi1", folder, NeuronOptions(weights=weights, figures=False))


@pytest.fixture(scope="module")
def neurons(tmp_path_factory: pytest.TempPathFactory) -> NeuronArtifact:
    folder = tmp_path_factory.mktemp("neurons")
    return compiled(folder / "build", source_graph(folder / "source.nir", 1), "snntorch-0")


def integers(artifact: NeuronArtifact) -> LoihiNeurons:
    assert isinstance(artifact.built, LoihiNeurons)
    return artifact.built


def share_apart(left: NeuronRecording, right: NeuronRecording) -> float:
    differing = sum(left.spikes[name].differing(right.spikes[name]).total for name in left.spikes)
    return differing / right.total


def assert_same(left: Any, right: Any) -> None:
    """Two networks that were read are the same, but for names of projections."""
    assert left.inputs[0].shape == right.inputs[0].shape
    for own, other in zip(left.populations, right.populations, strict=True):
        for field in ("name", "reset", "refractory_ticks"):
            assert getattr(own, field) == getattr(other, field)
        for field in ("pole_syn", "pole_mem", "gain_syn", "gain_mem", "threshold"):
            assert np.array_equal(getattr(own, field), getattr(other, field)), field
        for one, two in zip(left.into(own.name), right.into(own.name), strict=True):
            for field in ("target_index", "source_index", "weight", "delay_ticks", "bias"):
                assert np.array_equal(getattr(one, field), getattr(two, field)), field


@pytest.mark.parametrize(("semantics", "read_as"), [("snntorch-0", "neurocmc"), ("snntorch-1", "snntorch-1")])
def test_a_network_of_neurons_comes_back_with_every_spike(tmp_path: Path, semantics: str, read_as: str) -> None:
    artifact = compiled(tmp_path / "build", source_graph(tmp_path / "source.nir", 2), semantics)
    notes = export(artifact, "nir", tmp_path / "net.nir")
    assert any(f"--semantics {read_as}" in note for note in notes)
    reset = None if read_as == "neurocmc" else "zero"
    again = load_nir(
        tmp_path / "net.nir", semantics=read_as, reset=reset, events=tmp_path / f"net.{artifact.test.name}.npz"
    )
    wanted = realised(integers(artifact).integer, artifact.fitted)
    assert again.network is not None
    assert_same(wanted, again.network)
    ours, theirs = simulate_neurons(again.network, again.test), simulate_neurons(wanted, artifact.test)
    assert theirs.total > 3_000
    assert share_apart(ours, theirs) == 0


@pytest.mark.parametrize("weights", ["one", "two"])
def test_real_numbers_of_the_integers_are_near_to_the_emulator(tmp_path: Path, weights: Weights) -> None:
    source = source_graph(tmp_path / "source.nir", 5, loop=False)
    artifact = compiled(tmp_path / "build", source, "snntorch-0", weights)
    wanted = realised(integers(artifact).integer, artifact.fitted)
    emulator = artifact.built.run(artifact.test)
    near = share_apart(simulate_neurons(wanted, artifact.test), emulator)
    assert artifact.fitted is not None
    assert near < 0.01
    assert near < share_apart(simulate_neurons(artifact.fitted, artifact.test), emulator)


def test_compiled_again_it_decides_as_before(neurons: NeuronArtifact, tmp_path: Path) -> None:
    export(neurons, "nir", tmp_path / "net.nir")
    model = load_nir(tmp_path / "net.nir", semantics="neurocmc", events=tmp_path / f"net.{neurons.test.name}.npz")
    again = compile_neurons(model, "loihi1", tmp_path / "again", NeuronOptions(weights="two", figures=False))
    before, after = neurons.built.run(neurons.test), again.built.run(neurons.test)
    assert share_apart(after, before) < 0.1
    left, right = before.counts("out").argmax(1), after.counts("out").argmax(1)
    assert (left == right).mean() >= 0.95


@pytest.mark.slow
def test_norse_runs_a_network_of_neurons_as_we_do(neurons: NeuronArtifact, tmp_path: Path) -> None:
    graph = tmp_path / "net.nir"
    export(neurons, "nir", graph)
    network = read_nir(graph, semantics="norse", dt_s=neurons.dt_s).network
    ours = simulate_neurons(network, neurons.test)
    dense = neurons.test.spikes["input"].dense(neurons.test.batch, neurons.test.ticks, 20)
    np.savez(tmp_path / "in.npz", input=dense)
    theirs = in_norse(graph, tmp_path / "in.npz", tmp_path / "out.npz", neurons.dt_s)
    for name, spikes in ours.spikes.items():
        recorded = theirs[f"spikes/{name}"]
        assert apart(spikes.dense(*recorded.shape), recorded) == 0


def test_other_exports_refuse_a_network_of_neurons(neurons: NeuronArtifact, tmp_path: Path) -> None:
    for name in ("netx", "ranc", "brian2"):
        with pytest.raises(InputError) as caught:
            export(neurons, name, tmp_path / name)
        assert caught.value.problems[0].id == "export-unfit"
        assert not (tmp_path / name).exists()


def test_a_network_without_integers_is_written_in_its_own_numbers(tmp_path: Path) -> None:
    model = load_nir(source_graph(tmp_path / "source.nir", 3), semantics="snntorch-0", reset="subtract")
    artifact = compile_neurons(model, "brian2", tmp_path / "build", NeuronOptions(figures=False))
    export(artifact, "nir", tmp_path / "net.nir")
    again = read_nir(tmp_path / "net.nir", semantics="snntorch-0", reset="subtract").network
    assert model.network is not None
    assert_same(model.network, again)
