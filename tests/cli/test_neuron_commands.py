"""The commands on networks that spike already: what they say, what they refuse, and what they leave behind."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.common.files import read_npz
from neurocmc.ir.neurons.store import save_events
from tests.cli.running import CIRCUIT, Run, listing, run, run_process
from tests.made.looping_neurons import CHANNELS, FIRST, SECOND, TICKS, recurrent_nir, stimulus

RULES = ("--semantics", "snntorch-1", "--reset", "zero")
HDF5 = 3000  # bytes of a file that ends too early


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, its events, the same network cut short, and an artifact."""
    here = tmp_path_factory.mktemp("neurons")
    recurrent_nir(here / "net.nir")
    (here / "cut.nir").write_bytes((here / "net.nir").read_bytes()[:HDF5])
    (here / "text.nir").write_text("no network")
    save_events(stimulus(), here / "events.npz")
    return here


@pytest.fixture(scope="module")
def compiled(folder: Path) -> tuple[Path, Run]:
    """An artifact that nothing writes into, and what was said when it was made."""
    build = folder / "build"
    return build, run(
        "compile", folder / "net.nir", "--target", "loihi1", "-o", build, *RULES,
        "--events", folder / "events.npz", "--no-figures",
    )  # fmt: skip


@pytest.fixture
def build(compiled: tuple[Path, Run], tmp_path: Path) -> Path:
    """A copy, for what writes into it."""
    return Path(shutil.copytree(compiled[0], tmp_path / "build"))


def parsed(shown: Run) -> Any:
    assert shown.err == ""
    return json.loads(shown.out)


def refused(shown: Run, *told: str) -> bool:
    """Whether it left with 2, on one screen, and said all of this."""
    assert (shown.code, shown.out) == (2, "")
    assert "Traceback" not in shown.err
    return all(text in shown.err for text in told)


def test_help_names_the_options_of_such_networks() -> None:
    options = ("--semantics", "--dt", "--reset", "--decide", "--weights", "--events", "--calibration")
    shown = run("compile", "--help").out
    assert all(option in shown for option in options)
    assert all(option in run("inspect", "--help").out for option in options[:4])
    assert "--against" in run("verify", "--help").out
    assert all(level in run("simulate", "--help").out for level in ("float", "fitted", "emulator", "lava"))
    assert "nir" in run("export", "--help").out


def test_inspect_shows_the_file_and_with_its_framework_the_network(folder: Path) -> None:
    shown = run("inspect", folder / "net.nir")
    assert shown.code == 0
    assert "--semantics" in shown.out
    assert f"lif1 {FIRST}, lif2 {SECOND}" in shown.out
    assert not set("{}[]'") & set(shown.out)  # nothing of Python's own notation
    assert "populations" not in shown.out
    shown = run("inspect", folder / "net.nir", *RULES)
    assert shown.code == 0
    for words in ("populations", "projections", "readouts", "lif1->lif2", "acts a tick later"):
        assert words in shown.out
    assert "surrogate" not in shown.out  # nothing is calibrated
    facts = parsed(run("inspect", folder / "net.nir", "--json"))
    assert facts["facts"]["neurons"] == {"lif1": FIRST, "lif2": SECOND}
    assert "populations" not in facts
    network = parsed(run("inspect", folder / "net.nir", *RULES, "--json"))
    assert [p["neurons"] for p in network["populations"]] == [FIRST, SECOND]
    assert [p["name"] for p in network["projections"]] == ["input->lif1", "lif1->lif1", "lif1->lif2"]
    assert network["semantics"]["name"] == "snntorch-1"
    assert network["readouts"] == [{"name": "output", "of": "lif2", "by": "count"}]


def test_compile_tells_rules_losses_registers_and_cores(compiled: tuple[Path, Run], folder: Path) -> None:
    build, shown = compiled
    assert shown.code == 0, shown.err
    for words in (
        "net for loihi1: 13 neurons: lif1 (8), lif2 (5)",
        "rules: snntorch-1, reset zero",
        "weights: two synapses each (the default: the target holds them)",
        "rounding of populations",
        "rounding of weights",
        "cores used: 1 of 128",
        "stays on the host: output: counts the spikes of lif2",
        f"next:     neurocmc verify {build}",
    ):
        assert words in shown.out
    assert (build / "report.html").is_file()
    stages = [line for line in shown.err.splitlines() if line]
    assert all(line.startswith("compile: ") for line in stages)
    told = parsed_with_stages(
        run("compile", folder / "net.nir", "--target", "loihi1", "-o", folder / "json", *RULES, "--json",
            "--weights", "one", "--no-source", "--no-figures")
    )  # fmt: skip
    assert (told["options"], told["source"], told["target"]) == ({"weights": "one"}, None, "loihi1")
    assert told["semantics"] == {"name": "snntorch-1", "dt_s": 1e-4, "reset": "zero"}
    assert [loss["name"] for loss in told["population_losses"]] == ["lif1", "lif2"]
    assert told["budget"]["cores_used"] == 1
    assert len(told["registers"]) == 2


def parsed_with_stages(shown: Run) -> Any:
    assert shown.code == 0, shown.err
    return json.loads(shown.out)


def test_simulate_writes_spikes_and_tells_decisions(compiled: tuple[Path, Run], folder: Path, tmp_path: Path) -> None:
    for on in ("float", "fitted", "emulator"):
        out = tmp_path / f"{on}.npz"
        told = parsed_with_stages(run("simulate", compiled[0], "--on", on, "-o", out, "--json"))
        recording = read_npz(out)
        assert (told["on"], told["trials"], told["ticks"]) == (on, 4, TICKS)
        assert str(recording["level"]) == on
        assert [p["spikes"] for p in told["populations"]] == [
            int(recording[f"spikes/{name}/count"].sum()) for name in ("lif1", "lif2")
        ]
        assert len(told["decisions"]["output"]) == 4
        assert 0 <= told["accuracy"]["output"] <= 1
    shown = run(
        "simulate", compiled[0], "--on", "emulator", "-o", tmp_path / "two.npz", "--samples", "2",
        "--stimulus", folder / "events.npz",
    )  # fmt: skip
    assert "events on emulator: 2 trials of 60 ticks" in shown.out
    assert "labelled trials" in shown.out


def test_simulate_refuses_what_makes_no_sense_and_writes_nothing(compiled: tuple[Path, Run], tmp_path: Path) -> None:
    out, build = tmp_path / "out.npz", compiled[0]
    for arguments, told in (
        (("--on", "emulator", "--samples", "0"), "[number-out-of-range]"),
        (("--on", "emulator", "--samples", "-1"), "[number-out-of-range]"),
        (("--on", "emulator", "--duration", "1"), "[option-not-for-this]"),
        (("--on", "emulator", "--stimulus", "none"), "[stimulus-unknown]"),
        (("--on", "rate"), "[interpreter-unfit]"),
        (("--on", "brian2"), "[interpreter-unfit]"),
    ):
        shown = run("simulate", build, "-o", out, *arguments)
        assert (shown.code, told in shown.err) == (2, True), shown.err
        assert not out.exists()


def test_verify_budget_and_export(build: Path, tmp_path: Path) -> None:
    shown = run("verify", build, "--no-figures")
    assert shown.code == 0, shown.err
    for words in ("float ~ emulator", "emulator == compartments", "emulator ~ emitted", "its current"):
        assert words in shown.out
    told = parsed_with_stages(run("verify", build, "--json", "--samples", "2", "--no-figures"))
    assert told["passed"] is True
    assert json.loads((build / "verify.json").read_text())["edges"] == told["edges"]
    assert "core by core" in run("budget", build).out
    assert parsed(run("budget", build, "--json"))["cores_used"] == 1
    exported = run("export", build, "--to", "nir", "-o", tmp_path / "again.nir", "--json")
    assert exported.code == 0, exported.err
    assert json.loads(exported.out)["export"] == "nir"
    assert (tmp_path / "again.nir").is_file()
    assert refused(run("export", build, "--to", "ranc", "-o", tmp_path / "x.json"), "[export-unfit]", "nir")
    assert not (tmp_path / "x.json").exists()


def test_a_missed_budget_is_exit_code_1(build: Path, tmp_path: Path) -> None:
    seen = run("simulate", build, "--on", "float", "-o", tmp_path / "seen.npz")
    assert seen.code == 0, seen.err
    spikes = read_npz(tmp_path / "seen.npz")
    counts = np.zeros((4, TICKS, SECOND), dtype=np.int64)
    counts[spikes["spikes/lif2/trial"], spikes["spikes/lif2/tick"], spikes["spikes/lif2/unit"]] = 1
    dense = stimulus().spikes["input"].dense(4, TICKS, CHANNELS)
    for moved, code in ((0, 0), (1, 1)):
        counts[3, 40, 2] = (counts[3, 40, 2] + moved) % 2
        np.savez(tmp_path / "recorded.npz", **{"spikes": dense, "recorded/lif2": counts})
        shown = run("verify", build, "--against", tmp_path / "recorded.npz", "--no-figures")
        assert (shown.code, "recorded ~ float" in shown.out) == (code, True), shown.err
    assert "lif2, tick 40, trial 3" in " ".join(shown.out.split())
    assert run("verify", build, "--limit", "float ~ emulator: NRMSE of spike counts=-1", "--no-figures").code in (
        1,
        2,
    )


def test_options_are_refused_where_they_would_be_passed_over(
    compiled: tuple[Path, Run], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "build"
    nir = ("compile", folder / "net.nir", "--target", "loihi1", "-o", out, *RULES)
    for option in (
        ("--neurons", "8"),
        ("--code", "rate"),
        ("--kernel", "12"),
        ("--phases", "4"),
        ("--second-order", "taps"),
        ("--axons", "own"),
        ("--steps", "equal"),
        ("--planes", "2"),
        ("--seed", "3"),
        ("--max-error", "0.1"),
        ("--tick-ms", "1"),
        ("--images", "x"),
        ("--calibrate", "x"),
        ("--allow-lost-states",),
    ):
        assert refused(run(*nir, *option), option[0], "is for rate circuits", "[option-not-for-this]")
    circuit = ("compile", CIRCUIT, "--target", "loihi1", "-o", out)
    for option in (
        ("--semantics", "norse"),
        ("--dt", "1e-3"),
        ("--reset", "zero"),
        ("--decide", "max"),
        ("--weights", "one"),
        ("--events", "x.npz"),
        ("--calibration", "x.npz"),
    ):
        assert refused(run(*circuit, *option), option[0], "spiking neurons", "[option-not-for-this]")
        if option[0] in ("--semantics", "--dt", "--reset", "--decide"):
            assert refused(run("inspect", CIRCUIT, *option), option[0], "[option-not-for-this]")
    assert refused(run("inspect", folder / "net.nir", "--sensitivity"), "--sensitivity", "[option-not-for-this]")
    for option in (("--seeds", "2"), ("--strict",)):
        assert refused(run("verify", compiled[0], *option), option[0], "[option-not-for-this]")
    assert not out.exists()


def test_a_framework_must_be_named(folder: Path, tmp_path: Path) -> None:
    for command in (
        ("compile", folder / "net.nir", "--target", "loihi1", "-o", tmp_path / "build"),
        ("inspect", folder / "net.nir", "--dt", "1e-3"),
        ("inspect", folder / "net.nir", "--reset", "zero"),
    ):
        assert refused(run(*command), "--semantics", "snntorch-1", "norse", "[semantics-missing]")
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("name", ["cut.nir", "text.nir", "none.nir"])
def test_damaged_files_end_in_a_message_and_leave_nothing(name: str, folder: Path, tmp_path: Path) -> None:
    compiling = ("compile", folder / name, "--target", "loihi1", "-o", tmp_path / "build", *RULES)
    for shown in (run(*compiling), run_process(*compiling), run("inspect", folder / name)):
        assert refused(shown, name)
    assert listing(tmp_path) == {}
    as_json = run(*compiling, "--json")
    assert as_json.code == 2
    assert name in json.dumps(json.loads(as_json.out))


def test_what_cannot_be_compiled_leaves_the_artifact_before_it(build: Path, folder: Path, tmp_path: Path) -> None:
    before = listing(build)
    np.savez(tmp_path / "wide.npz", spikes=np.zeros((1, 5, CHANNELS + 1)), channel=np.zeros(1))
    np.savez(tmp_path / "half.npz", spikes=np.full((1, 5, CHANNELS), 0.37))
    compiling = ("compile", folder / "net.nir", "-o", build, *RULES)
    for more, told in (
        (("--target", "loihi1", "--events", tmp_path / "wide.npz"), "[array-unknown]"),
        (("--target", "loihi1", "--events", tmp_path / "half.npz"), "[input-not-spikes]"),
        (("--target", "loihi1", "--calibration", tmp_path / "none.npz"), "none.npz"),
        (("--target", "truenorth"), "[network-unfit-for-target]"),
        (("--target", "none"), "none"),
    ):
        shown = run(*compiling, *more)
        assert (shown.code, told in shown.err) == (2, True), shown.err
        assert listing(build) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "half.npz", "wide.npz"]
