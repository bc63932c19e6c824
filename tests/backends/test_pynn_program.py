"""The exported PyNN program, run as a user would: on NEST and on PyNN's Brian2 it fires exactly our spikes."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.backends.pynn import emit_pynn
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.exports.export import export
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_lif import simulate_brian2
from tests.backends.pynn_running import differing, ran, spikes, started
from tests.lava_environment import ROOT
from tests.made.programs import same_bytes
from tests.made.spiking_networks import population, random_network, random_rate_pools, random_stimulus


def up_state() -> SpikingNetwork:
    """One unit that excites itself, through a delay, so that what a pulse starts goes on without it."""
    base = random_rate_pools(1)
    unit = population("up", 1, 6, tau_mem_s=0.0022, bias=np.linspace(0.15, 0.3, 6)[None, :])
    loop = SpikingProjection(
        name="up->up",
        source="up",
        target="up",
        weight=np.array([[0.02]]),
        tau_s=0.01,
        order=1,
        delay_ticks=2,
        standing=np.zeros(1),
    )
    pulse = replace(base.inputs[0], name="pulse", target="up", weight=np.ones((1, 1)))
    return replace(base, name="up state", populations=(unit,), projections=(loop,), inputs=(pulse,), readouts=())


def pulses(heights: tuple[float, ...]) -> Stimulus:
    """A pulse of 20 ms in each trial."""
    values = np.zeros((len(heights), 3, 1))
    values[:, 1, 0] = heights
    return Stimulus(
        name="pulses",
        duration_s=0.2,
        edges_s=np.array([0.0, 0.02, 0.04]),
        values={"pulse": values},
        labels=np.full(len(heights), -1),
    )


@pytest.mark.pynn
@pytest.mark.parametrize("seed", [5, pytest.param(2, marks=pytest.mark.nightly)])
def test_nest_fires_exactly_our_spikes(seed: int, tmp_path: Path) -> None:
    """Delays, parts, standing currents, filters of both orders, a synapse that keeps nothing, a block cut short."""
    network = random_rate_pools(seed)
    stimulus = random_stimulus(network, seed, batch=3)
    emit_pynn(network, {"mine": stimulus}, tmp_path)
    theirs = ran(tmp_path, "--simulator", "nest", "--at-once", "2")
    ours = simulate_brian2(network, stimulus, record_spikes=True)
    assert spikes(theirs) > 1000
    assert differing(network, ours, theirs) == 0
    for name, identifier in Names.of(network).population.items():
        np.testing.assert_allclose(theirs[f"cells_{identifier}.activity"], ours.activity[name], rtol=1e-6, atol=1e-12)


@pytest.mark.pynn
@pytest.mark.parametrize("simulator", ["nest", pytest.param("brian2", marks=pytest.mark.slow)])
def test_both_simulators_hold_an_up_state_as_ours_does(simulator: str, tmp_path: Path) -> None:
    network, stimulus = up_state(), pulses((0.0, 0.3))
    emit_pynn(network, {"pulses": stimulus}, tmp_path)
    theirs = ran(tmp_path, "--simulator", simulator)
    ours = simulate_brian2(network, stimulus, record_spikes=True)
    assert differing(network, ours, theirs) == 0
    last = theirs["cells_up.trial"][theirs["cells_up.tick"] > 150]
    assert set(last.tolist()) == {1}  # long after its pulse, and only with one


@pytest.mark.pynn
def test_the_pools_of_a_chip_are_exported_as_they_were_before_rounding(tmp_path: Path) -> None:
    model = ROOT / "examples" / "circuit.yaml"
    artifact = neurocmc.compile(model, target="loihi1", code="rate", neurons=6, figures=False, out=tmp_path / "build")
    export(artifact, "pynn", tmp_path / "program")
    theirs = ran(tmp_path / "program", "--simulator", "nest")
    (stimulus,) = artifact.stimuli.by_name().values()
    ours = simulate_brian2(artifact.spiking, stimulus, record_spikes=True)
    assert spikes(theirs) > 1000
    assert differing(artifact.spiking, ours, theirs) == 0


@pytest.mark.pynn
@pytest.mark.nightly
def test_brian2_of_pynn_fires_exactly_our_spikes(tmp_path: Path) -> None:
    network = random_rate_pools(2)
    stimulus = random_stimulus(network, 2, batch=2, ticks=30)
    emit_pynn(network, {"mine": stimulus}, tmp_path)
    theirs = ran(tmp_path, "--simulator", "brian2")
    assert spikes(theirs) > 100
    assert differing(network, simulate_brian2(network, stimulus, record_spikes=True), theirs) == 0


@pytest.mark.pynn
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--trials", "2:9"), "has trials 0 to 3"),
        (("--trials", "two"), "no range of trials"),
        (("--at-once", "0"), "not a whole number"),
        (("--simulator", "neuron"), "invalid choice"),
    ],
)
def test_what_the_program_is_told_wrongly_it_names(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    network = random_rate_pools(1)
    emit_pynn(network, {"mine": random_stimulus(network, 1, batch=9)}, tmp_path)
    done = started(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        network = random_rate_pools(2)
        emit_pynn(network, {"mine": random_stimulus(network, 2)}, folder)

    assert same_bytes(write, tmp_path) == ["README.md", "network.npz", "run.py", "stimulus-mine.npz"]


def test_names_cannot_become_code(tmp_path: Path) -> None:
    hostile = '"""\nimport os\n{{ name }} \\'
    base = up_state()
    network = replace(
        base,
        name=hostile,
        populations=(replace(base.populations[0], name=hostile),),
        projections=(replace(base.projections[0], name=hostile, source=hostile, target=hostile),),
        inputs=(replace(base.inputs[0], name=hostile, target=hostile),),
    )
    emit_pynn(network, {"mine": replace(pulses((1.0,)), values={hostile: np.ones((1, 3, 1))})}, tmp_path)
    ours, named = (ast.parse(text) for text in ((tmp_path / "run.py").read_text(), _plain(tmp_path / "plain")))
    shape = [type(node).__name__ for node in ast.walk(ours)]
    assert shape == [type(node).__name__ for node in ast.walk(named)]
    imported = {alias.name for node in ast.walk(ours) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"argparse", "importlib", "logging", "math", "os", "sys", "warnings", "numpy", "brian2"}


def _plain(folder: Path) -> str:
    emit_pynn(up_state(), {"mine": pulses((1.0,))}, folder)
    return (folder / "run.py").read_text()


def changed_pool(network: SpikingNetwork, **fields: object) -> SpikingNetwork:
    first: SpikingPopulation = replace(network.populations[0], **fields)
    return replace(network, populations=(first, *network.populations[1:]))


def changed_loop(network: SpikingNetwork, **fields: object) -> SpikingNetwork:
    return replace(network, projections=(replace(network.projections[0], **fields),))


@pytest.mark.parametrize(
    ("network", "where", "what", "cure"),
    [
        (changed_pool(up_state(), code="threshold"), "population up", "one tick sooner", "--code rate"),
        (changed_pool(up_state(), tau_mem_s=0.0), "population up", "keep no voltage", "--to brian2"),
        (changed_pool(up_state(), v_initial=np.ones((1, 6))), "population up", "fire before", "below it"),
        (changed_pool(up_state(), tau_mem_s=0.01), "population up", "divides by 0", "a thousandth"),
        (changed_loop(up_state(), order=2), "projection up->up", "order 2", "order 1"),
        (changed_loop(up_state(), delay_ticks=0), "projection up->up", "at least 2", "a delay of a tick"),
        (replace(up_state(), tick_s=1e-3 / 3), "network", "microseconds", "another tick"),
    ],
)
def test_what_pynn_cannot_say_is_named(
    network: SpikingNetwork, where: str, what: str, cure: str, tmp_path: Path
) -> None:
    with pytest.raises(InfeasibleError) as caught:
        emit_pynn(network, {"pulses": pulses((1.0,))}, tmp_path / "program")
    (problem,) = caught.value.problems
    assert (problem.id, problem.where) == ("pynn-cannot-say", where)
    assert what in problem.what
    assert cure in problem.cure
    assert not (tmp_path / "program").exists()


def test_two_time_constants_of_one_sign_are_named() -> None:
    network = up_state()
    slow = replace(network.projections[0], name="slow", tau_s=0.05)
    with pytest.raises(InfeasibleError, match=r"excitation has time constants of 0\.01, 0\.05 s"):
        emit_pynn(replace(network, projections=(*network.projections, slow)), {"pulses": pulses((1.0,))}, Path("x"))


def test_other_faults_come_first(tmp_path: Path) -> None:
    network = random_network(1)
    with pytest.raises(InfeasibleError, match="threshold code"):
        emit_pynn(network, {"mine": random_stimulus(network, 1)}, tmp_path / "program")
    network = random_rate_pools(1)
    stimulus = random_stimulus(network, 1)
    with pytest.raises(InputError, match=r"input smooth .*\[input-missing\]"):
        emit_pynn(
            network, {"bad": replace(stimulus, values={"sharp": stimulus.values["sharp"]})}, tmp_path / "program"
        )
    with pytest.raises(ValueError, match="at least one stimulus"):
        emit_pynn(network, {}, tmp_path / "program")
    assert not (tmp_path / "program").exists()
