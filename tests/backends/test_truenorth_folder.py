"""The program folder: all that README.md names is there, is read back as it was, and is the same every time."""

import json
from pathlib import Path

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends.truenorth import (
    HostSpikes,
    emit_host_spikes,
    emit_truenorth,
    read_corelets,
    read_host_spikes,
    read_ranc,
)
from neurocmc.common.errors import InputError
from neurocmc.common.files import write_npz
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.trace import Trace
from neurocmc.ir.truenorth.cores import CoreNetwork, packed
from neurocmc.ir.truenorth.program import CoreInput, CorePopulation, CoreProgram
from neurocmc.sim.truenorth import CoreInputSpikes, run_cores
from neurocmc.sim.truenorth.host import encode_cores
from tests.backends.test_corelets import small
from tests.cli.running import listing
from tests.made.core_networks import blank, busy_input, program_of, same, with_one


def counter() -> CoreNetwork:
    """Every second spike of axon 0 leaves on line 0; another neuron's spikes go nowhere."""
    connections = np.zeros((1, 4, 4), dtype=np.bool_)
    connections[0, 0, :2] = True
    network = blank(crossbar=packed(connections), weight=np.ones((1, 4, 4)), threshold=np.full((1, 4), 2), outputs=1)
    return with_one(with_one(network, (0, slice(2)), reset_mode=1), (0, 0), target_core=-2)


def host(network: CoreNetwork, trials: int = 1, ticks: int = 20) -> HostSpikes:
    """Random spikes for some trials."""
    made = [busy_input(network, ticks, seed, 0.5) for seed in range(trials)]
    columns = {name: np.concatenate([getattr(part, name) for part in made]) for name in ("tick", "core", "axon")}
    trial = np.repeat(np.arange(trials), [len(part.tick) for part in made])
    return HostSpikes(spikes=CoreInputSpikes(trial=trial, **columns), ticks=ticks, labels=np.arange(trials) - 1)


def test_a_folder_that_ranc_can_run(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    network = counter()
    stimuli = {"one": host(network, 3), "two": host(network)}
    assert emit_host_spikes(program_of(network), stimuli, tmp_path) == ()
    assert sorted(listing(tmp_path)) == [
        "README.md",
        "corelets.json",
        "corelets.schema.json",
        "ranc",
        "ranc/config.json",
        "ranc/one.json",
        "ranc/two.json",
        "stimulus-one.npz",
        "stimulus-two.npz",
    ]
    same(read_corelets(tmp_path / "corelets.json").network, network)
    back = read_ranc(tmp_path / "ranc/one.json", tmp_path / "ranc/config.json")
    ours, theirs = (
        run_cores(n, s, 20).outputs for n, s in ((network, stimuli["one"].of_trial(0)), (back.network, back.spikes))
    )
    assert len(ours.tick)
    kept = theirs.line < 1
    assert np.array_equal(ours.tick, theirs.tick[kept])
    assert np.array_equal(ours.line, theirs.line[kept])
    assert (tmp_path / "README.md").read_text() == snapshot


def test_a_folder_without_ranc_says_why(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    reasons = emit_host_spikes(small(), {"one": host(small().network)}, tmp_path)
    assert reasons == ("core 0 (0, 0), neuron 2: noise_mask 255: RANC draws no random numbers",)
    assert not (tmp_path / "ranc").exists()
    assert (tmp_path / "README.md").read_text() == snapshot


def test_many_cores_and_no_stimulus_are_reasons_too(tmp_path: Path) -> None:
    assert emit_host_spikes(program_of(blank(129)), {}, tmp_path)[0].startswith("129 cores: RANC's JSON is written")
    assert emit_host_spikes(program_of(blank(1)), {}, tmp_path)[0].startswith("there is no stimulus")


def test_same_program_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        emit_host_spikes(program_of(counter()), {"one": host(counter(), 3)}, tmp_path / folder)
    assert listing(tmp_path / "a") == listing(tmp_path / "b")


@pytest.mark.parametrize("name", ["../x", "a/b", "", "config", "a b", "\u00e4|"])
def test_stimuli_that_name_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\[stimulus-name\]"):
        emit_host_spikes(program_of(counter()), {name: host(counter())}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_stimulus_is_encoded_as_the_emulator_has_it(tmp_path: Path) -> None:
    """Of six trials the first four, as files for the emulator and, the first of them, for RANC."""
    plain, one = program_of(counter()), np.array([1.0])
    pool = CorePopulation(
        name="a",
        units=1,
        neurons=2,
        core=np.array([0]),
        first=np.array([0]),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.01, 1),
        lsb_per_drive=one,
        wanted_pole=one * 0.5,
        realised_pole=one * 0.5,
        gain_residual=one * 0,
        given_back=one * 0,
        before=np.zeros(1, dtype=np.int64),
    )
    entry = CoreInput(
        name="drive",
        target="a",
        core=np.array([0]),
        axon=np.array([[0]]),
        weight=np.array([[1]]),
        lsb_per_input=np.array([[1.0]]),
        keep=np.array([0.5]),
        filter_pole=0.0,
        lift=one * 0,
    )
    program = CoreProgram(
        network=plain.network,
        target="truenorth",
        tick_s=1e-3,
        populations=(pool,),
        projections=(),
        inputs=(entry,),
        readouts=(),
        neuron_groups=(),
        axon_groups=(),
    )
    stimulus = Stimulus(
        name="held",
        duration_s=0.01,
        edges_s=np.array([0.0]),
        values={"drive": np.ones((6, 1, 1))},
        labels=np.arange(6),
    )
    assert emit_truenorth(program, {"held": stimulus}, tmp_path) == ()
    found = read_host_spikes(tmp_path / "stimulus-held.npz")
    assert (found.ticks, found.trials, found.labels.tolist()) == (10, 4, [0, 1, 2, 3])
    sent = encode_cores(program, stimulus)
    order = np.lexsort((sent.tick, sent.trial))
    expected = sent.tick[order][sent.trial[order] < 4]
    assert len(expected) >= 4
    assert np.array_equal(found.spikes.tick, expected)
    packets = json.loads((tmp_path / "ranc/held.json").read_text())["packets"]
    assert [len(tick) for tick in packets] == np.bincount(sent.tick[sent.trial == 0], minlength=10).tolist()


def test_host_spikes_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    columns = {"tick": np.array([5, 1]), "core": np.array([0, 0]), "axon": np.array([2, 3])}
    write_npz(path, columns)
    found = read_host_spikes(path, ticks=4)
    assert (found.ticks, found.trials, found.spikes.tick.tolist()) == (4, 1, [1])
    write_npz(path, columns | {"ticks": np.array(6)})
    assert sorted(read_host_spikes(path).spikes.tick.tolist()) == [1, 5]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tick": None}, "tick: is missing"),
        ({"ticks": None}, "ticks: is missing"),
        ({"tocks": np.array(3)}, "tocks: is an unknown key"),
        ({"axon": np.array([1.0, 2.0])}, "whole numbers needed, it holds float64"),
        ({"axon": np.array([1])}, r"has shape \(1,\)"),
        ({"axon": np.array([1, -1])}, "-1 is below 0"),
        ({"axon": np.array([1, 2**40])}, "beyond 32 bits"),
        ({"tick": np.array([1, 6])}, "tick 6, there are 6"),
        ({"ticks": np.array(10**8)}, "use 1 to 10,000,000"),
        ({"ticks": np.array([6, 6])}, r"has shape \(2,\)"),
        ({"trials": np.array(0)}, "use 1 to 1,000,000"),
        ({"trials": np.array(2), "trial": np.array([0, 2])}, "trial 2, there are 2"),
        ({"labels": np.array([1, 1])}, r"labels: has shape \(2,\)"),
    ],
)
def test_faulty_host_spikes(changed: dict[str, np.ndarray | None], words: str, tmp_path: Path) -> None:
    arrays = {"tick": np.array([5, 1]), "core": np.array([0, 0]), "axon": np.array([2, 3]), "ticks": np.array(6)}
    kept = {name: array for name, array in (arrays | changed).items() if array is not None}
    write_npz(tmp_path / "s.npz", kept)
    with pytest.raises(InputError, match=words):
        read_host_spikes(tmp_path / "s.npz")
