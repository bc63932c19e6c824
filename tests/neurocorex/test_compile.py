"""Networks of single neurons on NeuroCoreX: what is kept, and what is refused by name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InfeasibleError, NeurocmcError
from neurocmc.ir.neurocorex.printer import print_board
from neurocmc.ir.neurocorex.program import BoardProgram
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.store import load_level, save_level
from neurocmc.passes.neurocorex.order import Order
from neurocmc.sim.neurocorex.core import run_core
from neurocmc.sim.neurocorex.host import sending
from neurocmc.sim.neurons import simulate_neurons
from tests.neurocorex.made import emitted, lowered, network, population, projection, random_network, random_spikes


@pytest.mark.parametrize("pole", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("at_threshold", [False, True])
def test_networks_with_whole_weights_keep_every_spike(seed: int, pole: float, at_threshold: bool) -> None:
    given, stimulus = random_network(seed, pole, at_threshold=at_threshold), random_spikes(seed + 10)
    built = lowered(given, stimulus)
    assert built.program.mode == ("integrate" if pole else "forget")
    assert not built.notes
    wanted, seen = simulate_neurons(given, stimulus), built.run(stimulus)
    for name, spikes in wanted.spikes.items():
        assert spikes.differing(seen.spikes[name]).total == 0, name
    assert wanted.total > 50


def test_a_neuron_that_spikes_alone_hears_itself_where_it_forgets() -> None:
    one = network(
        (population("a", [1.5, 1.5], 0.0),),
        (projection("in", "a", np.array([[2.0], [0.0]]), 0), projection("a", "a", np.diag([2.0, 0.0]), 1)),
        1,
    )
    spikes = np.zeros((1, 10, 1))
    spikes[0, 2] = 1
    stimulus = EventStimulus.of_dense("once", spikes, entry="in")
    seen = lowered(one, stimulus).run(stimulus)
    assert seen.spikes["a"].tick.tolist() == list(range(2, 10))


def test_what_is_left_of_a_trial_is_not_seen_in_the_next() -> None:
    stimulus = random_spikes(4)
    for pole in (0.0, 1.0):
        built = lowered(random_network(1, pole), stimulus)
        for trial in range(stimulus.batch):
            sent = sending(built.program, stimulus, trial)
            spikes, _ = run_core(built.program.registers, sent.channel_of_tick)
            assert not spikes[int(sent.tested[-1]) + 1 :].any()


def test_weights_that_are_not_whole_are_rounded_to_what_v_holds() -> None:
    given = random_network(0, 0.0)
    scaled = replace(
        given, projections=tuple(replace(p, weight=p.weight * np.float64(0.3713)) for p in given.projections)
    )
    lower = tuple(replace(p, threshold=p.threshold * 0.3713) for p in given.populations)
    built = lowered(replace(scaled, populations=lower), random_spikes(3))
    assert any("weights are rounded to 8 bits" in note for note in built.notes)


def test_a_compiled_network_verifies_from_its_files(tmp_path: Path) -> None:
    model = neurocmc.from_memory(cues=[0, 1, 2], contents=[[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    artifact = neurocmc.compile(model, target="neurocorex", out=tmp_path / "build")
    found = neurocmc.verify(artifact)
    edges = {edge.name: edge for edge in found.edges}
    assert found.passed
    assert edges["emulator ~ emitted"].value == 0
    assert edges["float ~ emulator"].value == 0
    rows = {row.resource: row.used for row in artifact.budget.in_all}
    assert rows["neurons"] == 3 * 3 + 4 * 4 + 1 + rows["relays"] + 2
    assert (tmp_path / "build" / "figures" / "board.png").stat().st_size > 10_000
    text = (tmp_path / "build" / "ir" / "30-board.txt").read_text()
    assert "population cue_cue: 3 neurons" in text
    assert "column 0: cue[0]" in text


def test_a_program_is_stored_whole(tmp_path: Path) -> None:
    program = lowered(random_network(2, 0.0), random_spikes(2)).program
    save_level(program, tmp_path, "30-board")
    again = load_level(tmp_path, "30-board", BoardProgram)
    assert print_board(again) == print_board(program)
    assert np.array_equal(again.registers.all_to_all, program.registers.all_to_all)


def test_packets_that_were_changed_are_seen(tmp_path: Path) -> None:
    stimulus = random_spikes(5)
    built = lowered(random_network(5, 1.0), stimulus)
    program = emitted(built, stimulus, tmp_path / "program")
    assert built.emitted_edges(program, stimulus)[0].value == 0
    data = bytearray((program / "packets.bin").read_bytes())
    first = int(np.flatnonzero(built.program.registers.feed_forward.ravel())[0])
    data[9218 + 1 + first] ^= 0x40
    (program / "packets.bin").write_bytes(bytes(data))
    assert built.emitted_edges(program, stimulus)[0].value > 0


def test_no_neuron_hears_the_one_behind_it() -> None:
    draws = np.random.default_rng(0)
    for density in (0.05, 0.3, 1.0):
        target, source = np.nonzero(draws.random((20, 20)) < density)
        places = Order().run(20, target, source)
        hears = {(int(places[t]), int(places[s])) for t, s in zip(target, source, strict=True)}
        assert not [place for place, other in hears if other == place + 1]
        assert places.max() < 40


def refused(given: NeuronNetwork, stimulus: EventStimulus | None = None) -> str:
    with pytest.raises(NeurocmcError) as error:
        lowered(given, stimulus or random_spikes(0))
    assert all(problem.cure for problem in error.value.problems)
    return f"{error.value.problems[0].id}: {error.value.problems[0].what}"


def changed(**fields: Any) -> NeuronNetwork:
    given = random_network(0, 1.0)
    return replace(given, populations=tuple(replace(each, **_each(each.size, fields)) for each in given.populations))


def _each(size: int, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: np.full(size, value) if isinstance(value, float) else value for name, value in fields.items()}


def test_what_no_neuron_of_the_board_can_do_is_refused_by_name() -> None:
    assert "its current decays" in refused(changed(pole_syn=0.5))
    assert "a tick leaves 0.9 of its voltage" in refused(changed(pole_mem=0.9))
    assert "it rests 3 ticks" in refused(changed(refractory_ticks=3))
    mixed = random_network(0, 1.0)
    forgets = replace(mixed.populations[1], pole_mem=np.zeros(5))
    assert "others do not" in refused(replace(mixed, populations=(mixed.populations[0], forgets)))
    biased = tuple(replace(p, bias=p.bias + 1.0) for p in mixed.projections)
    assert "it has a bias" in refused(replace(mixed, projections=biased))
    loop = network(
        (population("a", [1.5, 1.5], 1.0),),
        (projection("in", "a", np.eye(2), 0), projection("a", "a", np.eye(2), 1)),
        2,
    )
    assert "network-unfit-for-target: 2 synapses of a neuron to itself" in refused(
        loop, EventStimulus.of_dense("s", np.ones((1, 3, 2)), entry="in")
    )


def test_what_is_too_large_is_refused_with_how_much() -> None:
    wide = network((population("a", np.full(120, 1.5), 1.0),), (projection("in", "a", np.ones((120, 12)), 0),), 12)
    assert refused(wide) == "neurons-beyond-limit: 120 neurons, limit 89 on neurocorex"
    late = network(
        (population("a", np.full(40, 5.5), 0.0),),
        (projection("in", "a", np.eye(40, 12), 0), projection("a", "a", np.eye(40, k=3), 4)),
        12,
    )
    assert "relays of delays" in refused(late)
    many = network((population("a", [1.5], 1.0),), (projection("in", "a", np.ones((1, 95)), 0),), 95)
    assert "channels, 3 of them the host's own" in refused(many, random_spikes(0, channels=95))
    strong = network(
        (population("a", [60.5], 0.0), population("b", [60.5], 0.0)),
        (projection("in", "a", np.full((1, 12), 60.0), 0), projection("a", "b", np.array([[-70.0]]), 0)),
        12,
    )
    assert "register-beyond-target" in refused(strong)


def test_a_drive_that_calibration_did_not_have_is_refused_when_it_wraps() -> None:
    given = network((population("a", [90.5], 1.0),), (projection("in", "a", np.full((1, 12), -20.0), 0),), 12)
    quiet = EventStimulus.of_dense("quiet", np.zeros((1, 5, 12)), entry="in")
    built = lowered(given, quiet)
    with pytest.raises(InfeasibleError) as error:
        built.run(EventStimulus.of_dense("loud", np.ones((1, 9, 12)), entry="in"))
    assert error.value.problems[0].id == "current-wraps"
