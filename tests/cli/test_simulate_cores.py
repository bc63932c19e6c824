"""`neurocmc simulate` on files of cores: what it tells, what it writes, and how it refuses what is no such file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends.truenorth import HostSpikes, write_corelets, write_host_spikes
from neurocmc.cli.simulate_cores import _ranges
from neurocmc.common.files import read_npz, write_npz
from neurocmc.ir.truenorth.program import NeuronGroup
from neurocmc.sim.truenorth import CoreInputSpikes
from tests.backends.ranc_interpreter import interpret
from tests.backends.test_ranc_read import document_by_hand
from tests.backends.test_truenorth_folder import counter
from tests.cli.running import ONE_SCREEN, Run, run
from tests.made.core_networks import program_of

Files = tuple[str, ...]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a file of RANC, its config, corelets and spikes for them."""
    monkeypatch.chdir(tmp_path)
    document, config = document_by_hand()
    Path("ranc.json").write_text(json.dumps(document))
    Path("config.json").write_text(json.dumps(config))
    write_corelets(program_of(counter()), Path("corelets.json"))
    spikes = CoreInputSpikes(trial=[0, 0, 1, 1, 1], tick=[1, 3, 0, 1, 2], core=[0] * 5, axon=[0] * 5)  # type: ignore[arg-type]
    write_host_spikes(HostSpikes(spikes=spikes, ticks=6, labels=np.array([-1, -1])), Path("spikes.npz"))
    return tmp_path


def simulated(*arguments: str) -> Run:
    return run("simulate", *arguments, "--on", "emulator")


RANC = ("ranc.json", "--config", "config.json", "--ticks", "9")


def test_a_file_of_ranc_is_told_tick_by_tick(here: Path, snapshot: SnapshotAssertion) -> None:
    shown = simulated(*RANC, "-o", "out.npz")
    assert shown.code == 0, shown.err
    assert shown.out == snapshot


def test_the_three_forms_say_the_same(here: Path) -> None:
    for name in ("out.npz", "out.csv", "out.txt"):
        assert simulated(*RANC, "-o", name).code == 0
    theirs = interpret(json.loads(Path("ranc.json").read_text()), json.loads(Path("config.json").read_text()), 9)
    lines = [[int(bit) for bit in line.split()] for line in Path("out.txt").read_text().splitlines()]
    assert lines == theirs.lines
    assert Path("out.txt").read_text().splitlines()[0] == "0 0 "
    arrays = read_npz(Path("out.npz"))
    assert {name: int(arrays[name]) for name in ("trials", "ticks", "outputs")} == {
        "trials": 1,
        "ticks": 9,
        "outputs": 2,
    }
    table = np.zeros((10, 2), dtype=np.int64)
    table[arrays["tick"] + 1, arrays["line"]] = 1
    assert table[:9].tolist() == theirs.lines
    rows = [line.split(",") for line in Path("out.csv").read_text().splitlines()]
    assert rows[0] == ["trial", "tick", "line"]
    assert [[int(entry) for entry in row] for row in rows[1:]] == np.stack(
        [arrays[name] for name in ("trial", "tick", "line")], axis=1
    ).tolist()


def test_corelets_with_spikes_of_two_trials(here: Path, snapshot: SnapshotAssertion) -> None:
    shown = simulated("corelets.json", "--input", "spikes.npz", "-o", "out.csv")
    assert shown.code == 0, shown.err
    assert shown.out == snapshot
    assert Path("out.csv").read_text() == "trial,tick,line\n0,3,0\n1,1,0\n"


def test_groups_of_corelets_are_counted(here: Path, snapshot: SnapshotAssertion) -> None:
    groups = (
        NeuronGroup(corelet="count/0", role="pool", core=0, start=0, stop=2),
        NeuronGroup(corelet="rest", role="filter", core=0, start=2, stop=4),
    )
    write_corelets(program_of(counter(), groups), Path("grouped.json"))
    shown = simulated("grouped.json", "--input", "spikes.npz", "-o", "out.npz")
    assert shown.out == snapshot
    arrays = read_npz(Path("out.npz"))
    assert arrays["group_corelet"].tolist() == ["count/0", "rest"]
    assert arrays["group_role"].tolist() == ["pool", "filter"]
    assert arrays["group_spikes"].tolist() == [[2, 0], [2, 0]]


def test_corelets_without_spikes(here: Path) -> None:
    shown = simulated("corelets.json", "--ticks", "5", "-o", "out.npz")
    assert shown.code == 0
    assert "no spike on any line of the output bus" in shown.out


def test_json(here: Path) -> None:
    shown = simulated(*RANC, "-o", "out.npz", "--json")
    told = json.loads(shown.out)
    assert (told["form"], told["ticks"], told["cores"]) == ("RANC", 9, 2)
    arrays = read_npz(Path("out.npz"))
    assert told["spikes"] == np.stack([arrays[name] for name in ("trial", "tick", "line")], axis=1).tolist()


def test_same_input_same_bytes(here: Path) -> None:
    for name in ("a.npz", "b.npz"):
        simulated("corelets.json", "--input", "spikes.npz", "-o", name)
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()


def _write(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


def _document(**change: Any) -> str:
    return _write("r.json", json.dumps(json.loads(Path("ranc.json").read_text()) | change).encode())


def _spikes(**change: Any) -> str:
    write_npz(Path("s.npz"), read_npz(Path("spikes.npz")) | change)
    return "s.npz"


REFUSED: dict[str, Callable[[], Files]] = {
    "no config, no ticks": lambda: ("ranc.json", "-o", "o.npz"),
    "spikes for a file of RANC": lambda: (*RANC, "--input", "spikes.npz", "-o", "o.npz"),
    "config for corelets": lambda: ("corelets.json", "--config", "config.json", "--ticks", "3", "-o", "o.npz"),
    "no end": lambda: ("corelets.json", "-o", "o.npz"),
    "no ticks": lambda: (*RANC[:-1], "0", "-o", "o.npz"),
    "too many ticks": lambda: ("corelets.json", "--ticks", "99999999999", "-o", "o.npz"),
    "no such form": lambda: (*RANC, "-o", "o.json"),
    "two trials in RANC's form": lambda: ("corelets.json", "--input", "spikes.npz", "-o", "o.txt"),
    "RANC's form beyond the disk": lambda: (
        _document(output_bus={"coordinates": [2, 0], "num_outputs": 10**6}),
        *RANC[1:-1],
        "9999999",
        "-o",
        "o.txt",
    ),
    "no such file": lambda: ("none.json", *RANC[1:], "-o", "o.npz"),
    "no such config": lambda: ("ranc.json", "--config", "none.json", "--ticks", "3", "-o", "o.npz"),
    "neither": lambda: (_write("x.json", b"{}"), "--ticks", "3", "-o", "o.npz"),
    "not JSON": lambda: (_write("x.json", b"[" * 10**6), "--ticks", "3", "-o", "o.npz"),
    "a config that is none": lambda: ("ranc.json", "--config", "ranc.json", "--ticks", "3", "-o", "o.npz"),
    "a fault in each file": lambda: (_document(cores=[]), *RANC[1:], "-o", "o.npz"),
    "spikes beyond the cores": lambda: ("corelets.json", "--input", _spikes(core=np.full(5, 7)), "-o", "o.npz"),
    "spikes that are none": lambda: ("corelets.json", "--input", "config.json", "-o", "o.npz"),
    "stimulus of an artifact": lambda: (*RANC, "--stimulus", "one", "--duration", "1", "-o", "o.npz"),
    "an artifact": lambda: (".", "-o", "o.npz"),
    "seed below 0": lambda: ("corelets.json", "--ticks", "3", "--seed", "-1", "-o", "o.npz"),
    "a folder that is not there": lambda: (*RANC, "-o", "none/o.npz"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, here: Path, snapshot: SnapshotAssertion) -> None:
    shown = simulated(*REFUSED[case]())
    assert shown.code == 2, shown.out
    assert len(shown.err.splitlines()) <= ONE_SCREEN
    assert "Traceback" not in shown.err
    assert shown.err == snapshot
    assert not list(Path().glob("o.*"))


def test_a_file_on_another_interpreter(here: Path) -> None:
    shown = run("simulate", "ranc.json", "--on", "lava", "-o", "o.npz")
    assert shown.code == 2
    assert "[interpreter-unfit]" in shown.err


def test_options_of_files_are_not_for_artifacts(here: Path) -> None:
    shown = run("simulate", ".", "--on", "rate", "--ticks", "3", "--input", "s.npz", "-o", "o.npz")
    assert shown.code == 2
    assert "[option-not-for-this]" in shown.err


def test_neighbouring_lines_are_told_as_ranges() -> None:
    assert _ranges([0, 1, 2, 3, 7, 9, 10, 12, 13, 14]) == "0-3 7 9 10 12-14"


def test_many_ticks_are_cut_on_the_screen_and_whole_in_the_file(here: Path) -> None:
    tick = np.arange(400)
    zeros = np.zeros(400, dtype=np.int64)
    spikes = CoreInputSpikes(trial=zeros, tick=tick, core=zeros, axon=zeros)
    write_host_spikes(HostSpikes(spikes=spikes, ticks=400, labels=np.array([-1])), Path("long.npz"))
    shown = simulated("corelets.json", "--input", "long.npz", "-o", "out.npz")
    assert "and 100 more ticks with spikes: they are in the output" in shown.out
    assert len(read_npz(Path("out.npz"))["tick"]) == 200
