"""Graphs of networks made by hand: what NIR can say comes back, and what it cannot is refused by name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.backends.nir import neurons_graph, realised, write_graph
from neurocmc.backends.nir.filters import cuba_fields
from neurocmc.common.errors import InfeasibleError
from neurocmc.frontends.nir.read import read_nir
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronInput, NeuronPool, NeuronSynapses
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events
from neurocmc.pipeline.exports.export import export
from neurocmc.pipeline.exports.nir import write_network
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.model import brought
from neurocmc.pipeline.neurons.options import NeuronOptions
from neurocmc.sim.loihi.neurons.emulator import recording_of, run_neurons
from neurocmc.sim.neurons import simulate_neurons
from tests.frameworks.by_hand import network, population, projection
from tests.made.networks import LOIHI_RULE

DT_S = 1e-4
OURS = Semantics(name="neurocmc", dt_s=DT_S, decay="linear", update="pole", precision="float64")


def two_layers(first: Any = None, second: Any = None, semantics: Semantics = OURS, **loop: Any) -> NeuronNetwork:
    """Six channels, a population of five that feeds back on itself, and one of three."""
    rng = np.random.default_rng(3)
    poles = {"pole_syn": 0.75, "pole_mem": 0.875}
    return network(
        semantics,
        (population("first", 5, **poles | (first or {})), population("second", 3, **poles | (second or {}))),
        (
            projection("input", "first", rng.normal(0.4, 0.3, (5, 6)), rng.normal(0, 0.05, 5)),
            projection("first", "first", rng.normal(0, 0.3, (5, 5)), **({"delay_ticks": 1} | loop)),
            projection("first", "second", rng.normal(0.3, 0.3, (3, 5)), rng.normal(0, 0.05, 3)),
        ),
        6,
    )


def spikes(channels: int = 6, ticks: int = 80) -> EventStimulus:
    dense = np.random.default_rng(0).random((4, ticks, channels)) < 0.3
    return EventStimulus.of_dense("drawn", dense.astype(np.uint8))


def again(given: NeuronNetwork, folder: Path, **options: Any) -> NeuronNetwork:
    """Exports a network, which reads it in again and compares, and reads it once more."""
    write_network(given, {}, folder / "net.nir")
    return read_nir(folder / "net.nir", **({"semantics": "neurocmc"} | options)).network


def assert_same_spikes(left: NeuronNetwork, right: NeuronNetwork, stimulus: EventStimulus) -> None:
    ours, theirs = simulate_neurons(left, stimulus), simulate_neurons(right, stimulus)
    assert ours.total > 50
    for name, found in ours.spikes.items():
        assert found.total > 0
        assert found.differing(theirs.spikes[name]).total == 0


@pytest.mark.parametrize(
    "given",
    [
        two_layers(),
        two_layers({"reset": "subtract"}, {"reset": "subtract"}),
        two_layers({"pole_mem": 1.0, "threshold": 4.0}, {"pole_syn": 0.0, "gain_syn": 0.3, "gain_mem": 2.5}),
        two_layers(second={"reset": "none", "pole_mem": 0.5, "threshold": 2.0}),
        two_layers(delay_ticks=np.where(np.eye(5), 1, 4)),
        two_layers(bias=np.linspace(-0.1, 0.2, 5), bias_from_tick=3),
    ],
    ids=["zero", "subtract", "no-leak-no-memory", "no-reset", "delays", "late-bias"],
)
def test_it_comes_back_with_every_spike(given: NeuronNetwork, tmp_path: Path) -> None:
    assert_same_spikes(given, again(given, tmp_path), spikes())


def test_a_loop_over_two_populations_and_an_input_of_several_dimensions_come_back(tmp_path: Path) -> None:
    given = two_layers()
    back = projection("second", "first", np.full((5, 3), -0.2), delay_ticks=2)
    shaped = SpikeInput(name="input", channels=6, shape=(1, 2, 3))
    given = replace(given, inputs=(shaped,), projections=(*given.projections, back))
    found = again(given, tmp_path)
    assert found.inputs[0].shape == (1, 2, 3)
    assert_same_spikes(given, found, spikes())


@pytest.mark.parametrize("poles", [(0.0, 0.0), (0.0, 0.9), (0.5, 0.8)])
def test_integrators_of_the_host_come_back(poles: tuple[float, float], tmp_path: Path) -> None:
    given = two_layers()
    readout = HostReadout(
        name="answer",
        population="second",
        weight=np.arange(6.0).reshape(2, 3),
        bias=np.array([0.5, -0.25]),
        pole_syn=np.full(2, poles[0]),
        pole_mem=np.full(2, poles[1]),
        gain_syn=np.ones(2),
        gain_mem=np.ones(2) if poles == (0.0, 0.0) else np.full(2, 0.3),
        decide="mean",
    )
    given = replace(given, readouts=(), host_readouts=(readout,))
    found = again(given, tmp_path, decide="mean")
    left, right = simulate_neurons(given, spikes()), simulate_neurons(found, spikes())
    assert np.allclose(left.host["answer"], right.host["answer"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("snntorch-1", {"refractory_ticks": 2}, {"refractory_ticks": 2}),
        ("snntorch-1", {"refractory_ticks": 2}, {"pole_syn": 0.0}),
        ("snntorch-1", *({"reset": "subtract", "reset_late": True},) * 2),
        ("snntorch-0", *({"reset": "subtract", "rest_kept": True},) * 2),
    ],
)
def test_what_snntorch_alone_says_comes_back_under_its_name(
    name: str, first: dict[str, Any], second: dict[str, Any], tmp_path: Path
) -> None:
    rules = Semantics(name=name, dt_s=DT_S, decay="linear", update="pole", precision="float32")
    given = two_layers(first, second, rules)
    reset = given.populations[0].reset
    assert_same_spikes(given, again(given, tmp_path, semantics=name, reset=reset), spikes())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (two_layers({"floor": -1.0}), "floor"),
        (two_layers({"reset": "subtract"}), "some neurons reset to zero"),
        (two_layers({"refractory_ticks": 3}), "3 refractory ticks"),
        (two_layers({"refractory_ticks": 2}), "others have a refractory time"),
        (two_layers({"refractory_ticks": 2}, semantics=replace(OURS, dt_s=1e-3)), "reads a tick as 0.1 ms"),
        (two_layers(semantics=replace(OURS, several_spikes=True)), "several times in a tick"),
        (two_layers(semantics=replace(OURS, at_threshold=True)), "at the threshold is a spike"),
        (two_layers({"reset": "none", "refractory_ticks": 2}), "a refractory time, and no reset"),
    ],
)
def test_what_nir_cannot_say_is_refused_by_name(given: NeuronNetwork, said: str) -> None:
    with pytest.raises(InfeasibleError) as caught:
        neurons_graph(given)
    assert all(problem.id == "nir-cannot-say" for problem in caught.value.problems)
    assert any(said in problem.what for problem in caught.value.problems)


def test_what_comes_back_as_another_network_is_refused(tmp_path: Path) -> None:
    """Inputs reach the second population first: the reader would have the forward connection act a tick later."""
    given = two_layers()
    first, loop, forward = given.projections
    tangled = replace(
        given,
        projections=(
            projection("input", "second", np.ones((3, 6))),
            loop,
            forward,
            projection("second", "first", np.ones((5, 3)), delay_ticks=1),
            first,
        ),
    )
    assert not tangled.problems()
    with pytest.raises(InfeasibleError) as caught:
        write_network(tangled, {}, tmp_path / "net.nir")
    assert "when the graph is read in again" in caught.value.problems[0].what


def test_poles_of_registers_and_gains_come_back_to_the_last_digit(tmp_path: Path) -> None:
    poles = np.arange(0, 4097, 16) / 4096
    for dt_s in (1e-4, 1e-3, 1.0, 0.0123):
        fields = cuba_fields(dt_s, poles, poles[::-1], np.ones(poles.size), np.linspace(0.1, 3, poles.size))
        assert np.allclose(1 - dt_s / fields["tau_syn"], poles, rtol=0, atol=2.3e-16)
        assert np.allclose(fields["w_in"] * (dt_s / fields["tau_syn"]), 1, rtol=0, atol=4.5e-16)
        found = fields["r"] * (dt_s / fields["tau_mem"])
        assert np.allclose(found, np.linspace(0.1, 3, poles.size), rtol=4.5e-16, atol=0)
        assert all(np.isfinite(values).all() for values in fields.values())


def test_names_that_are_no_nodes_are_refused() -> None:
    given = two_layers()
    renamed = replace(given, populations=(given.populations[0], replace(given.populations[1], name="a/b")))
    with pytest.raises(InfeasibleError):
        neurons_graph(renamed)


def integer_neurons(**fields: Any) -> IntegerNeurons:
    """Two layers in registers whose arithmetic real numbers have as well: nothing decays, or all of it."""
    pool: dict[str, Any] = {
        "units": 4,
        "members": np.arange(4),
        "decay_u": 4095,
        "decay_v": 0,
        "threshold_mantissa": 64,
        "bias_mantissa": np.zeros(4),
        "bias_exponent": 0,
        "u_initial": np.zeros(4),
        "v_initial": np.zeros(4),
        "refractory_ticks": 1,
        "lsb_per_voltage": np.ones(4),
    }
    rng = np.random.default_rng(11)

    def synapses(name: str, source: np.ndarray, target: np.ndarray, ticks: int, entry: str = "") -> NeuronSynapses:
        return NeuronSynapses(
            name=name,
            whole=name,
            input=entry,
            source=source,
            target=target,
            mantissa=(2 * rng.integers(-20, 60, source.size)).astype(np.int16),
            delay_ticks=np.full(source.size, ticks),
            exponent=0,
            sign="mixed",
        )

    from_all, to_all = (grid.ravel().astype(np.int32) for grid in np.meshgrid(np.arange(4), np.arange(4)))
    return IntegerNeurons(
        name="by hand",
        tick_s=1e-3,
        rule=LOIHI_RULE,
        populations=(
            NeuronPool(name="a", population="a", depth_ticks=0, **(pool | fields)),
            NeuronPool(name="b", population="b", depth_ticks=1, **pool),
        ),
        synapses=(
            synapses("in", from_all, to_all, 0, "input"),
            synapses("loop", from_all, to_all, 0),
            synapses("forward", from_all, to_all + np.int32(4), 0),
            synapses("late", from_all, to_all + np.int32(4), 3),
        ),
        inputs=(NeuronInput(name="input", channels=4),),
    )


def test_integers_that_round_nothing_are_the_emulator_spike_for_spike(tmp_path: Path) -> None:
    given = integer_neurons()
    assert not given.problems()
    wanted = realised(given, None)
    assert {p.name: p.delays() for p in wanted.projections} == {
        "in": (0,),
        "loop": (1,),
        "forward": (0,),
        "late": (3,),
    }
    stimulus = spikes(4)
    emulator = recording_of(given, run_neurons(given, stimulus).spikes, stimulus)
    found = simulate_neurons(again(wanted, tmp_path), stimulus)
    assert emulator.total > 100
    assert all(emulator.spikes[name].differing(found.spikes[name]).total == 0 for name in ("a", "b"))


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(InfeasibleError) as caught:
        realised(integer_neurons(threshold_mantissa=0), None)
    assert "a threshold is 0 LSB" in caught.value.problems[0].what


def test_a_bias_of_integers_is_one_of_the_synapse() -> None:
    given = integer_neurons(decay_u=1023, bias_mantissa=np.array([0, 512, -256, 1024]))
    wanted = realised(given, None)
    biased = [p for p in wanted.projections if p.bias.any()]
    assert [p.name for p in biased] == ["in"]
    assert np.array_equal(biased[0].bias, np.array([0, 512, -256, 1024]) / 4096 * 0.25)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"decay_u": 1023, "u_initial": np.array([0, 100, 0, 0])}, "the current of neuron 1 starts at 100 LSB"),
        ({"v_initial": np.array([0, 0, -70, 0])}, "the voltage of neuron 2 starts at -70 LSB"),
        ({"decay_u": 1023, "bias_mantissa": np.full(4, 99)}, "the current of neuron 0 starts at 0 LSB"),
        ({}, ""),
    ],
)
def test_integers_that_were_brought_have_to_start_at_rest(fields: dict[str, Any], said: str, tmp_path: Path) -> None:
    model = brought(Path("by-hand"), integer_neurons(**fields), {}, (), None)
    artifact = compile_neurons(model, "loihi1", tmp_path / "build", NeuronOptions(figures=False))
    if said:
        with pytest.raises(InfeasibleError) as caught:
            export(artifact, "nir", tmp_path / "net.nir")
        assert said in caught.value.problems[0].what
        assert not (tmp_path / "net.nir").exists()
    else:
        export(artifact, "nir", tmp_path / "net.nir")
        network = read_nir(tmp_path / "net.nir", semantics="neurocmc").network
        assert simulate_neurons(network, artifact.test).total == artifact.built.run(artifact.test).total > 100


def test_a_graph_written_twice_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_graph(neurons_graph(two_layers()), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_stands_beside_is_readable_events(tmp_path: Path) -> None:
    given, stimulus = two_layers(), spikes()
    write_network(given, {"drawn": stimulus}, tmp_path / "export")
    found = load_events(tmp_path / "export.drawn.npz", given.inputs, DT_S)
    assert found.spikes["input"].differing(stimulus.spikes["input"]).total == 0
