"""How an emitted program is run on Lava: where the interpreter is sought, what is refused, and that nothing is left.

Interpreters are stood in for by scripts here; tests/backends/test_lava_circuits.py runs the real one.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

import neurocmc.pipeline.chips.lava as on_lava
from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.lava import find_lava_python, simulate_lava
from tests.made.networks import random_network
from tests.made.waiting import HANGS_S, until

TICKS = 12


@pytest.fixture(scope="module")
def network() -> IntegerNetwork:
    return random_network(seed=4, populations=2)


@pytest.fixture(scope="module")
def stimulus(network: IntegerNetwork) -> Stimulus:
    values = {entry.name: np.zeros((3, 1, entry.lsb_per_input.shape[1])) for entry in network.inputs}
    return Stimulus(
        name="silence",
        duration_s=TICKS * network.tick_s,
        edges_s=np.zeros(1),
        values=values,
        labels=np.full(3, -1),
    )


def stand_in(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter that runs `body`, a shell script, whatever it is asked to run."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(python))
    return python


def recorder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that copies a prepared recording to --out; its arguments go to a file."""
    body = f'echo "$@" >> {folder}/calls\necho "tick 6 of {TICKS}" >&2\nwhile [ "$1" != --out ]; do shift; done\n'
    stand_in(folder, f'{body}cp {folder}/prepared.npz "$2"', monkeypatch)


def test_the_interpreter_is_the_one_named_else_that_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_lava, "__file__", str(tmp_path / "neurocmc" / "pipeline" / "chips" / "lava.py"))
    monkeypatch.delenv("NEUROCMC_LAVA_PYTHON")
    assert find_lava_python() is None
    made = tmp_path / ".venv-lava"
    made.mkdir()
    assert find_lava_python() is None  # still being made
    (made / ".ready").touch()
    assert find_lava_python() == made / "bin" / "python"
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", "/opt/lava/python")
    assert find_lava_python() == Path("/opt/lava/python")
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", "")
    assert find_lava_python() is None


def refused(network: IntegerNetwork, stimulus: Stimulus, folder: Path, **options: float) -> str:
    with pytest.raises(InputError) as error:
        simulate_lava(network, folder / "program", stimulus, **options)
    return str(error.value)


def test_without_an_interpreter_the_cure_is_named(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path
) -> None:
    told = refused(network, stimulus, tmp_path)
    assert "--on lava: there is no interpreter with Lava at hand" in told
    assert "run `make lava` in a checkout, or set NEUROCMC_LAVA_PYTHON" in told


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo \"ModuleNotFoundError: No module named 'lava'\"; exit 1", ("No module named 'lava'", "`make lava`")),
        ("echo broken; echo tick 1 of 12; exit 3", ("program/run.py on Lava: it failed: broken", "run it by hand:")),
        ("exit 1", ("it failed: it said nothing",)),
    ],
)
def test_a_run_that_fails_says_why(
    body: str,
    said: tuple[str, ...],
    network: IntegerNetwork,
    stimulus: Stimulus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(tmp_path, body, monkeypatch)
    told = refused(network, stimulus, tmp_path)
    assert all(words in told for words in said), told


def test_an_interpreter_that_is_not_there(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(tmp_path / "nowhere"))
    assert "nowhere cannot be run: No such file or directory" in refused(network, stimulus, tmp_path)


def test_at_the_limit_all_processes_are_ended(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, f"sleep {HANGS_S:g} & echo $! > {tmp_path}/child; wait", monkeypatch)
    limit_s = 0.5
    while not ((tmp_path / "child").is_file() and (tmp_path / "child").read_text()):  # it came so far in time
        limit_s *= 2
        told = refused(network, stimulus, tmp_path, time_limit_s=limit_s)
        assert f"--on lava: it was not finished after {limit_s:g} s" in told
        assert "--time-limit" in told
    child = int((tmp_path / "child").read_text())
    until(lambda: not alive(child))  # the kernel takes a moment


def alive(process: int) -> bool:
    """Whether a process is there and is more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_interrupt_ends_the_run(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, f"echo $$ > {tmp_path}/child; echo tick 1 of 12; sleep {HANGS_S:g}", monkeypatch)

    def interrupt(_stage: str, share: float) -> None:
        if share > 0:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)

    # A test run in the background of a script ignores interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            simulate_lava(network, tmp_path, stimulus, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not alive(int((tmp_path / "child").read_text()))


def recorded(network: IntegerNetwork, stimulus: Stimulus, folder: Path, **options: bool) -> tuple[Recording, float]:
    shares: list[float] = []
    recording = simulate_lava(network, folder, stimulus, progress=lambda _, share: shares.append(share), **options)
    assert shares == sorted(shares)
    return recording, shares[-1]


def test_spikes_are_sorted_into_trials_populations_and_units(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = network.populations
    place = first.units * first.neurons
    spikes = {
        "tick": np.array([0, 0, 3], dtype=np.int32),
        "trial": np.zeros(3, dtype=np.int32),
        "neuron": np.array([first.neurons, place, place - 1], dtype=np.int32),
    }
    np.savez(tmp_path / "prepared.npz", **spikes)
    recorder(tmp_path, monkeypatch)
    # Two trials fit a run, so three take two; the stand-in gives each run the same spikes.
    monkeypatch.setattr(on_lava, "MAX_NEURONS", 2 * network.neurons)
    recording, share = recorded(network, stimulus, tmp_path)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert ["--trial 0 1 --out" in call for call in calls] == [True, False]
    assert share == pytest.approx(2 / 3 + 1 / 6)
    train = recording.spikes[first.name]
    assert train.tick.tolist() == [0, 0, 3, 3]
    assert train.trial.tolist() == [0, 2, 0, 2]
    assert train.unit.tolist() == [1, 1, first.units - 1, first.units - 1]
    assert train.neuron.tolist() == [0, 0, first.neurons - 1, first.neurons - 1]
    assert recording.spikes[second.name].trial.tolist() == [0, 2]
    assert recording.spike_counts[second.name][:, 0].tolist() == [1, 0, 1]
    assert (recording.level, recording.ticks) == ("lava", TICKS)


def test_spikes_are_left_out_where_nobody_asks(
    network: IntegerNetwork, stimulus: Stimulus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "prepared.npz", **{name: np.zeros(2, dtype=np.int32) for name in ("tick", "trial", "neuron")})
    recorder(tmp_path, monkeypatch)
    recording, _ = recorded(network, stimulus, tmp_path, record_spikes=False)
    first = network.populations[0].name
    assert recording.spikes == {}
    assert recording.spike_counts[first][:, 0].tolist() == [2, 0, 0]
