"""Networks of neurons on Brian2 fire every spike of our own interpreter: rule by rule, as a script, and compiled."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.backends.brian2 import emit_neurons
from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, NeuronPopulation, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.neurons.one_spike import OneSpike
from neurocmc.pipeline.chips.ideal_neurons import IdealNeurons
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.model import NeuronModel, load_nir
from neurocmc.pipeline.neurons.options import NeuronOptions
from neurocmc.pipeline.neurons.simulate import simulate_network
from neurocmc.pipeline.neurons.verify import NeuronVerifyOptions, verify_neurons
from neurocmc.sim import brian2_neurons
from neurocmc.sim.brian2_neurons import simulate_neurons_brian2
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.targets import IdealTarget, load_target
from tests.frameworks.by_hand import network, population, projection
from tests.made.looping_neurons import (
    CHANNELS,
    EULER,
    FIRST,
    POLE,
    SECOND,
    random_neurons,
    recurrent_nir,
    stimulus,
    two_layers,
    weights,
)
from tests.made.waiting import HANGS_S

RULES: dict[str, dict[str, Any]] = {
    "zero": {},
    "subtract": {"reset": "subtract"},
    "none": {"reset": "none"},
    "zero, late": {"reset_late": True},
    "subtract, late": {"reset": "subtract", "reset_late": True},
    "rest kept": {"reset": "subtract", "rest_kept": True},
    "refractory": {"refractory_ticks": 4},
    "refractory, subtract, late": {"reset": "subtract", "reset_late": True, "refractory_ticks": 3},
    "floor": {"reset": "subtract", "floor": -0.25},
    "floor, rest kept": {"reset": "subtract", "rest_kept": True, "floor": -0.5},
    "no memory of the current": {"pole_syn": 0.0, "gain_syn": 1.5},
    "no memory": {"pole_syn": 0.0, "pole_mem": 0.0, "gain_syn": 2.0},
    "no leak": {"pole_mem": 1.0, "gain_syn": 1.0, "gain_mem": 1.0, "reset": "subtract"},
}


def equal(net: NeuronNetwork, given: EventStimulus, least: int = 50) -> NeuronRecording:
    """Runs a network on both, which fire the same spikes, and enough of them."""
    ours, theirs = simulate_neurons(net, given), simulate_neurons_brian2(net, given)
    for name, spikes in ours.spikes.items():
        assert spikes.differing(theirs.spikes[name]).total == 0, name
        assert spikes.total >= least, name
    for name, values in ours.host.items():
        np.testing.assert_array_equal(values, theirs.host[name])
    return theirs


@pytest.mark.parametrize("semantics", [POLE, EULER], ids=["pole", "euler"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_fires_the_same_spikes(rule: str, semantics: Semantics) -> None:
    net = two_layers(semantics, **RULES[rule])
    assert not net.problems()
    equal(net, stimulus())


@pytest.mark.parametrize("semantics", [POLE, EULER], ids=["pole", "euler"])
def test_neurons_of_a_population_differ_in_every_number(semantics: Semantics) -> None:
    mixed: dict[str, Any] = {
        "pole_syn": np.array([0.0, 0.5, 0.9, 0.2, 0.7]),
        "pole_mem": np.array([1.0, 0.5, 0.0, 0.9, 1.0]),
        "gain_mem": np.array([1.0, 0.5, 1.0, 0.3, 0.2]),
        "floor": np.array([-np.inf, -0.1, -0.2, -np.inf, -0.3]),
    }
    layer = population("layer", 5, reset="subtract", **mixed)
    into = projection("input", "layer", weights(1, 5, CHANNELS), delay_ticks=np.arange(CHANNELS))
    equal(network(semantics, (layer,), (into,), CHANNELS), stimulus())


@pytest.mark.parametrize("seed", range(8))
def test_rules_loops_and_delays_in_any_mixture(seed: int) -> None:
    net = random_neurons(seed)
    assert not net.problems()
    assert equal(net, stimulus(seed), 0).total > 50


def at_threshold(at: bool) -> NeuronNetwork:
    one = population("n", 1)
    return network(replace(POLE, at_threshold=at), (one,), (projection("input", "n", [[0.5]]),), 1)


def test_a_voltage_at_the_threshold_is_a_spike_where_the_rules_say_so() -> None:
    always = EventStimulus.of_dense("ones", np.ones((1, 6, 1), dtype=np.uint8))
    assert equal(at_threshold(True), always, 1).spikes["n"].tick.tolist() == [1, 3, 5]
    assert equal(at_threshold(False), always, 1).spikes["n"].tick.tolist() == [2, 5]


def test_a_spike_passes_all_layers_within_its_tick_and_a_loop_takes_its_delay() -> None:
    # An input spike of tick 2 passes both layers at once; the loop over both brings it again two ticks later.
    layers = (population("a", 1), population("b", 1))
    loops = (
        projection("input", "a", [[2.0]]),
        projection("a", "b", [[2.0]]),
        projection("b", "a", [[2.0]], delay_ticks=2),
    )
    spikes = np.zeros((1, 8, 1), dtype=np.uint8)
    spikes[0, 2] = 1
    seen = equal(network(POLE, layers, loops, 1), EventStimulus.of_dense("once", spikes), 1)
    assert {name: own.tick.tolist() for name, own in seen.spikes.items()} == {"a": [2, 4, 6], "b": [2, 4, 6]}


def test_the_shortest_loop_over_several_populations_is_kept() -> None:
    layers = (population("a", 1), population("b", 1))
    loops = (
        projection("input", "a", [[2.0]]),
        projection("a", "b", [[2.0]]),
        projection("b", "a", [[2.0]], delay_ticks=1),
    )
    spikes = np.zeros((1, 5, 1), dtype=np.uint8)
    spikes[0, 1] = 1
    seen = equal(network(POLE, layers, loops, 1), EventStimulus.of_dense("once", spikes), 1)
    assert seen.spikes["b"].tick.tolist() == [1, 2, 3, 4]


def test_biases_alone_drive_a_population_without_synapses() -> None:
    alone = projection("input", "n", np.zeros((2, 1)), [0.4, 0.0], bias_from_tick=3)
    net = network(POLE, (population("n", 2),), (alone,), 1)
    silent = EventStimulus.of_dense("silent", np.zeros((1, 12, 1), dtype=np.uint8))
    assert equal(net, silent, 1).spikes["n"].tick.tolist() == [5, 8, 11]


def test_several_inputs_and_names_that_python_does_not_have() -> None:
    layer = population("class", 2)
    parts = (projection("left/eye", "class", [[0.6], [0.0]]), projection("2-pre", "class", [[0.0, 0.9], [0.8, 0.0]]))
    net = replace(
        network(POLE, (layer,), parts, 1),
        inputs=(
            SpikeInput(name="left/eye", channels=1, shape=(1,)),
            SpikeInput(name="2-pre", channels=2, shape=(2,)),
        ),
    )
    drawn = np.random.default_rng(0).random((2, 40, 3)) < 0.5
    left = EventStimulus.of_dense("both", drawn[:, :, :1].astype(np.uint8), entry="left/eye")
    right = EventStimulus.of_dense("both", drawn[:, :, 1:].astype(np.uint8), entry="2-pre")
    equal(net, replace(left, spikes={**left.spikes, **right.spikes}), 20)


def with_readout(net: NeuronNetwork) -> NeuronNetwork:
    host = HostReadout(
        name="host",
        population="second",
        weight=weights(9, 3, SECOND),
        bias=np.array([0.1, 0.0, -0.1]),
        pole_syn=np.zeros(3),
        pole_mem=np.full(3, 0.9),
        gain_syn=np.ones(3),
        gain_mem=np.ones(3),
        decide="last",
    )
    return replace(net, host_readouts=(host,))


def test_readouts_of_the_host_and_spikes_that_a_framework_shows_late() -> None:
    equal(with_readout(two_layers()), stimulus())
    equal(two_layers(replace(POLE, output_late_ticks=1)), stimulus())


def test_a_trial_does_not_depend_on_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    net, given = two_layers(), stimulus(trials=5)
    whole = simulate_neurons_brian2(net, given)
    monkeypatch.setattr(brian2_neurons, "NEURONS_AT_ONCE", 2 * (net.neurons + CHANNELS))
    split = simulate_neurons_brian2(net, given)
    for name, spikes in whole.spikes.items():
        assert spikes.differing(split.spikes[name]).total == 0


def test_several_spikes_of_a_tick_are_exchanged_by_name_and_refused_without() -> None:
    net = two_layers(replace(POLE, several_spikes=True, at_threshold=True), reset="subtract")
    with pytest.raises(ValueError, match="once in a tick"):
        simulate_neurons_brian2(net, stimulus())
    fitted, told = OneSpike().run(net)
    assert told == (
        "several spikes of a neuron in one tick are one: what is left above the threshold spikes in the ticks that "
        "follow",
    )
    equal(fitted, stimulus())
    assert OneSpike().run(fitted) == (fitted, ())


def run_script(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "run.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANGS_S, check=False)


def test_the_script_fires_exactly_our_spikes(tmp_path: Path) -> None:
    net, given = two_layers(reset="subtract", rest_kept=True, floor=-0.5, refractory_ticks=2), stimulus()
    emit_neurons(net, {given.name: given}, tmp_path)
    done = run_script(tmp_path, "--trial", "2", "--out", "out.npz")
    assert (done.returncode, done.stderr) == (0, "")
    theirs = read_npz(tmp_path / "out.npz")
    ours = simulate_neurons_brian2(net, given).spikes
    names = theirs["populations"].tolist()
    assert names == ["first", "second"]
    assert set(theirs["trial"].tolist()) == {2}
    for index, name in enumerate(names):
        own, spikes = theirs["population"] == index, ours[name]
        chosen = spikes.trial == 2
        assert theirs["tick"][own].tolist() == spikes.tick[chosen].tolist()
        assert theirs["unit"][own].tolist() == spikes.unit[chosen].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "network.npz", "out.npz", "run.py", "stimulus-events.npz",
    ]  # fmt: skip
    refused = run_script(tmp_path, "--trial", "4")
    assert refused.returncode == 2
    assert "has trials 0 to 3" in refused.stderr


def test_names_stay_text_in_the_script(tmp_path: Path) -> None:
    named = '"""; raise SystemExit(7)\n#'
    layer = replace(population("n", 1), name=named)
    into = replace(projection("input", "n", [[2.0]]), name=named, target=named)
    net = replace(network(POLE, (layer,), (into,), 1), name=named)
    emit_neurons(net, {"s": EventStimulus.of_dense("s", np.ones((1, 3, 1), dtype=np.uint8))}, tmp_path)
    done = run_script(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_npz(tmp_path / "spikes.npz")["populations"].tolist() == [named]


def test_what_cannot_be_emitted_is_refused(tmp_path: Path) -> None:
    net = two_layers()
    with pytest.raises(ValueError, match="at least one stimulus"):
        emit_neurons(net, {}, tmp_path)
    with pytest.raises(InputError, match="input-missing"):
        emit_neurons(net, {"events": replace(stimulus(), spikes={})}, tmp_path)
    several = replace(net, semantics=replace(POLE, several_spikes=True))
    with pytest.raises(ValueError, match="once in a tick"):
        emit_neurons(several, {"events": stimulus()}, tmp_path)


def ideal(net: NeuronNetwork) -> IdealNeurons:
    target = load_target("brian2")
    assert isinstance(target, IdealTarget)
    return IdealNeurons(target=target, given=net, fitted=net)


def test_an_edge_counts_the_spikes_of_an_altered_script(tmp_path: Path) -> None:
    built, given = ideal(two_layers()), stimulus()
    built.emit(tmp_path, {given.name: given})
    (kept,) = built.emitted_edges(tmp_path, given)
    assert (kept.verdict, kept.value) == ("pass", 0)
    script = tmp_path / "run.py"
    script.write_text(script.read_text().replace('reset="v = 0"', 'reset="v = 0.5"'))
    (missed,) = built.emitted_edges(tmp_path, given)
    assert missed.verdict == "miss"
    assert missed.value


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> NeuronModel:
    path = tmp_path_factory.mktemp("nir") / "net.nir"
    recurrent_nir(path)
    return load_nir(path, semantics="snntorch-1", reset="subtract").with_stimuli(stimulus(trials=8), None)


def test_a_file_is_compiled_verified_and_run_on_every_level(model: NeuronModel, tmp_path: Path) -> None:
    options = NeuronOptions(figures=False)
    artifact = compile_neurons(model, "brian2", tmp_path / "build", options)
    again = compile_neurons(model, "brian2", tmp_path / "again", options)
    assert artifact.manifest["files"].keys() == again.manifest["files"].keys()
    apart = {name for name, own in artifact.manifest["files"].items() if own != again.manifest["files"][name]}
    assert apart <= {"timings.json"}
    assert artifact.fitted is artifact.given
    verified = verify_neurons(artifact, NeuronVerifyOptions(figures=False))
    edges = {edge.name: edge for edge in verified.edges}
    assert verified.passed, verified.edges
    assert edges.keys() == {"float ~ brian2", "brian2 == float", "brian2 ~ emitted"}
    assert edges["brian2 == float"].value == edges["brian2 ~ emitted"].value == 0
    runs = {level: simulate_network(artifact, level) for level in ("float", "fitted", "brian2")}
    assert {recording.level for recording in runs.values()} == set(runs)
    assert all(recording.total > 100 for recording in runs.values())
    with pytest.raises(InputError, match="use one of float, fitted, brian2"):
        simulate_network(artifact, "emulator")
    used = {row.resource: row.used for row in artifact.budget.in_all}
    assert artifact.given is not None
    assert used == {"neurons": FIRST + SECOND, "synapses": artifact.given.synapses}


def test_what_is_exchanged_is_a_level_of_its_own(model: NeuronModel, tmp_path: Path) -> None:
    assert model.network is not None
    rules = replace(model.network.semantics, several_spikes=True, at_threshold=True)
    populations = tuple(_subtracting(each) for each in model.network.populations)
    several = replace(model, network=replace(model.network, semantics=rules, populations=populations))
    artifact = compile_neurons(several, "brian2", tmp_path / "build", NeuronOptions(figures=False))
    assert [re.sub(":.*", "", line) for line in artifact.manifest["exchanged"]] == [
        "several spikes of a neuron in one tick are one"
    ]
    assert artifact.fitted is not None
    assert not artifact.fitted.semantics.several_spikes
    names = {edge.name for edge in verify_neurons(artifact, NeuronVerifyOptions(figures=False)).edges}
    assert names == {"float ~ fitted", "fitted ~ brian2", "brian2 == float", "brian2 ~ emitted"}


def _subtracting(each: NeuronPopulation) -> NeuronPopulation:
    return replace(each, reset_late=False, gain_mem=0.1 * each.gain_mem)  # much more, and its loop explodes
