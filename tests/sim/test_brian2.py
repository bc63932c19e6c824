"""Brian2 against the definition of the SpikingNetwork level, spike for spike."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim import brian2_lif
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_lif import Codegen, simulate_brian2
from neurocmc.sim.decode import decode_counts
from neurocmc.sim.quiet_brian2 import brian2
from tests.made.spiking_networks import TICK_S, population, random_network, random_stimulus, reference_spikes

SEEDS = range(8)  # together: order 1 and 2, delays 0, 1 and 4, self-projections, leaky and memoryless, 2 and 3 pools


def raster(recording: Recording, network: SpikingNetwork, name: str, trial: int) -> np.ndarray:
    """(ticks, units, neurons) spikes of one trial."""
    cells, train = network.population(name), recording.spikes[name]
    spikes = np.zeros((recording.ticks, cells.units, cells.neurons), dtype=bool)
    own = train.trial == trial
    spikes[train.tick[own], train.unit[own], train.neuron[own]] = True
    return spikes


def assert_same(first: Recording, second: Recording) -> None:
    for name in first.activity:
        assert np.array_equal(first.activity[name], second.activity[name])
        assert np.array_equal(first.spike_counts[name], second.spike_counts[name])
        for field in ("tick", "trial", "unit", "neuron"):
            assert np.array_equal(getattr(first.spikes[name], field), getattr(second.spikes[name], field))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_spike_is_that_of_the_definition(seed: int) -> None:
    network = random_network(seed)
    stimulus = random_stimulus(network, seed)
    recording = simulate_brian2(network, stimulus, record_spikes=True)
    fired = 0
    for trial in range(stimulus.batch):
        reference = reference_spikes(network, stimulus, trial)
        for name, spikes in reference.items():
            assert np.array_equal(raster(recording, network, name, trial), spikes)
            fired += spikes.sum()
    assert fired > 50


def test_the_seeds_cover_every_kind_of_element() -> None:
    networks = [random_network(seed) for seed in SEEDS]
    projections = [projection for network in networks for projection in network.projections]
    assert {projection.order for projection in projections} == {1, 2}
    assert {projection.delay_ticks for projection in projections} == {0, 1, 4}
    assert {cells.tau_mem_s > 0 for network in networks for cells in network.populations} == {True, False}
    assert {len(network.populations) for network in networks} == {2, 3}


@pytest.mark.parametrize("delay_ticks", [0, 1, 5])
def test_a_spike_takes_one_tick_and_its_delay(delay_ticks: int) -> None:
    """The source fires once, in tick 3, and lifts the target over threshold in that one tick of arrival."""
    network = SpikingNetwork(
        name="relay",
        tick_s=TICK_S,
        populations=(
            population("source", 1, 1, bias=np.zeros((1, 1))),
            population("target", 1, 1, bias=np.zeros((1, 1))),
        ),
        projections=(
            SpikingProjection(
                name="source->target",
                source="source",
                target="target",
                weight=np.array([[1.01]]),
                tau_s=0.02,
                order=1,
                delay_ticks=delay_ticks,
                standing=np.zeros(1),
            ),
        ),
        inputs=(
            SpikingInput(
                name="kick",
                target="source",
                weight=np.array([[2.0]]),
                tau_s=0.0,
                order=1,
                largest=2.0,
                largest_step=2.0,
            ),
        ),
        readouts=(),
    )
    stimulus = Stimulus(
        name="kick",
        duration_s=0.012,
        edges_s=np.array([0.0, 0.003, 0.004]),
        values={"kick": np.array([[[0.0], [1.0], [0.0]]])},
        labels=np.array([-1]),
    )
    recording = simulate_brian2(network, stimulus, record_spikes=True)
    assert recording.spikes["source"].tick.tolist() == [3]
    assert recording.spikes["target"].tick.tolist() == [3 + 1 + delay_ticks]


def test_a_trial_does_not_depend_on_its_batch() -> None:
    network = random_network(3)
    stimulus = random_stimulus(network, 5, batch=4)
    batch = simulate_brian2(network, stimulus, record_spikes=True)
    for trial in range(stimulus.batch):
        alone = simulate_brian2(network, stimulus.take(slice(trial, trial + 1)), record_spikes=True)
        for name in batch.activity:
            assert np.array_equal(batch.activity[name][trial], alone.activity[name][0])
            assert np.array_equal(raster(batch, network, name, trial), raster(alone, network, name, 0))


def test_a_batch_cut_into_runs_gives_the_same_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(6)
    stimulus = random_stimulus(network, 6, batch=5)
    whole = simulate_brian2(network, stimulus, record_spikes=True)
    monkeypatch.setattr(brian2_lif, "CELLS_AT_ONCE", 2 * network.neurons)
    assert brian2_lif.trials_at_once(network, stimulus) == 2
    assert_same(whole, simulate_brian2(network, stimulus, record_spikes=True))


@pytest.mark.parametrize("bound", ["DRIVE_AT_ONCE", "SYNAPSES_AT_ONCE", "COUNTS_AT_ONCE"])
def test_drive_synapses_and_counts_cut_a_batch_too(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(6)
    stimulus = random_stimulus(network, 6, batch=5)
    whole = simulate_brian2(network, stimulus, record_spikes=True)
    assert brian2_lif.trials_at_once(network, stimulus) == 5
    monkeypatch.setattr(brian2_lif, bound, 1)
    assert brian2_lif.trials_at_once(network, stimulus) == 1
    assert_same(whole, simulate_brian2(network, stimulus, record_spikes=True))


def test_what_is_recorded() -> None:
    network = random_network(1)
    stimulus = random_stimulus(network, 1)
    full = simulate_brian2(network, stimulus, record_spikes=True)
    bare = simulate_brian2(network, stimulus)
    assert (full.level, full.stimulus, full.tick_s, full.ticks) == ("brian2", "random", TICK_S, 60)
    assert dict(bare.spikes) == {}
    for cells in network.populations:
        train = full.spikes[cells.name]
        order = np.lexsort((train.neuron, train.unit, train.trial, train.tick))
        assert np.array_equal(order, np.arange(len(order)))
        counts = np.stack([raster(full, network, cells.name, trial).sum(axis=2) for trial in range(stimulus.batch)])
        decoded = decode_counts(counts, cells.activity_per_spike, cells.trace, TICK_S)
        for recording in (full, bare):
            assert np.array_equal(recording.spike_counts[cells.name], counts.sum(axis=1))
            assert np.array_equal(recording.activity[cells.name], decoded)


def test_progress_rises_to_one() -> None:
    network = random_network(2)
    seen: list[float] = []
    simulate_brian2(network, random_stimulus(network, 2), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_stimulus_that_does_not_fit_is_refused() -> None:
    network = random_network(2)
    stimulus = random_stimulus(network, 2)
    broken = replace(stimulus, values={**stimulus.values, "sharp": np.full((3, 3, 2), np.nan)})
    with pytest.raises(InputError, match=r"input sharp .*\[value-not-finite\]"):
        simulate_brian2(network, broken)
    missing = replace(stimulus, values={"sharp": stimulus.values["sharp"]})
    with pytest.raises(InputError, match=r"input smooth .*\[input-missing\]"):
        simulate_brian2(network, missing)


def test_names_become_distinct_identifiers() -> None:
    network = random_network(4)
    first = network.projections[0]
    odd = ["a->b", "a to b", "a_to_b", "int", "", "layer post", "7", "größe"]
    network = replace(network, projections=tuple(replace(first, name=name) for name in odd))
    names = Names.of(network).projection
    assert names["a->b"] == "a_to_b"
    assert names["layer post"] == "layer_post_2"
    assert len(set(names.values())) == len(odd)
    simulate_brian2(network, random_stimulus(network, 4, ticks=3))


def test_brian2_is_left_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    device, target = brian2.get_device(), brian2.prefs["codegen.target"]
    timestep = brian2.defaultclock.dt
    network = random_network(0)
    simulate_brian2(network, random_stimulus(network, 0))
    assert brian2.get_device() is device
    assert brian2.prefs["codegen.target"] == target
    assert brian2.defaultclock.dt == timestep
    assert capfd.readouterr() == ("", "")


def test_importing_leaves_no_trace_in_the_process(tmp_path: Path) -> None:
    """Brian2's import opens log files, takes over warnings and replaces sys.excepthook; ours must not."""
    script = tmp_path / "script.py"
    script.write_text(
        "import logging, sys, warnings, tempfile, os\n"
        "before = sys.excepthook, warnings.showwarning\n"
        "import neurocmc.sim.brian2_lif\n"
        "assert (sys.excepthook, warnings.showwarning) == before\n"
        "print([name for name in os.listdir(tempfile.gettempdir()) if name.startswith('brian')])\n"
    )
    place = tmp_path / "temporary"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"TMPDIR": str(place), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


@pytest.mark.slow
@pytest.mark.skipif(which("g++") is None, reason="compiled targets need a C++ compiler")
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_compiled_targets_fire_the_same_spikes(codegen: Codegen, capfd: pytest.CaptureFixture[str]) -> None:
    """One population with a projection to itself: every kind of object that Brian2 has to compile, once."""
    network = random_network(5)
    cells = network.populations[0]
    loop = replace(
        network.projections[0], source=cells.name, target=cells.name, weight=np.full((cells.units,) * 2, 0.1)
    )
    entry = next(entry for entry in network.inputs if entry.target == cells.name)
    network = replace(network, populations=(cells,), projections=(loop,), inputs=(entry,))
    stimulus = random_stimulus(network, 0)
    device, target = brian2.get_device(), brian2.prefs["codegen.target"]
    flags = brian2.prefs["codegen.cpp.extra_compile_args"]
    brian2.prefs["codegen.cpp.extra_compile_args"] = ["-w", "-O0", "-std=c++11"]  # half the time to compile
    try:
        compiled = simulate_brian2(network, stimulus, record_spikes=True, codegen=codegen)
    finally:
        brian2.prefs["codegen.cpp.extra_compile_args"] = flags
    assert_same(simulate_brian2(network, stimulus, record_spikes=True), compiled)
    assert compiled.spike_counts[cells.name].sum() > 50
    assert brian2.get_device() is device
    assert brian2.prefs["codegen.target"] == target
    assert capfd.readouterr() == ("", "")
