"""Measures the numbers of README.md: `python -m tests.acceptance.readme [PART ...]` writes docs/studies/readme.csv.

Parts, all of them unless some are named: `models`, `texts`, `winner`, `digits`, `microcircuits`, `memory`. Rows of
other parts stay as they were. `texts` needs Lava, which it installs, and writes what commands print to
docs/studies/readme; `winner` needs the peer's environment (tests/bench/environments.py), and keeps its rows where
there is none. tests/test_numbers_in_prose.py compares README.md and the pages with what is written here.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from neurocmc.common.resources import resource_path
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos import run_demo
from neurocmc.pipeline.demos.up_state import TRIALS
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.simulate import simulate
from neurocmc.report.loihi.energy import estimate_energy
from neurocmc.report.loihi.spike_load import spike_load
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.targets import Code, LoihiTarget, load_target
from neurocmc.verification.metrics import TIE, accuracy, agreement, decisions, nrmse
from tests.bench.accuracy import our_errors
from tests.bench.environments import NENGO
from tests.bench.peer import PeerRow, run_peer
from tests.lava_environment import lava_python
from tests.made.built import loihi
from tests.prose.table import COMMANDS, ROOT, TEXTS, Row, read_table, write_table

CODES: tuple[Code, ...] = ("threshold", "rate")
NEURONS, SEEDS = 64, 5
FIRST_DIGITS = 100  # what a test measures again
ON_BRIAN2 = 200
DELAY_TAU = 10.0
# What a checkpoint holds of its training.
HELD = ("accuracy", "encoder only accuracy", "ode off accuracy", "coupling off accuracy")
SYSTEMS = {"nengo-loihi emulator": "loihi", "float Nengo": "float"}


def loihi1() -> LoihiTarget:
    """The chip of all that is measured here."""
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    return target


def integers_of(lowered: Lowered) -> IntegerNetwork:
    """The network that the emulator runs."""
    return loihi(lowered).integer


# --- models: what training and the targets' files say -------------------------------------------------------------


def models() -> Iterator[Row]:
    """Sizes of the bundled models, and what their checkpoints hold of their training."""
    for name in ("swta-digits", "cmc-v1v3"):
        model = load(resource_path(f"models/{name}.pt"))
        how = f"models/{name}.pt"
        yield Row(key=f"{name}.units", value=model.circuit.units, unit="rate units", how=how)
        held = {fact.removeprefix("parameters: "): n for fact, n in model.facts.items() if "parameters: " in fact}
        counts = {part: int(number) for part, number in held.items()}
        eye = {"eye": counts["retina"] + counts["gaze"]} if "retina" in counts else {}
        counts |= {**eye, "all": sum(counts.values())}
        for part, number in counts.items():
            yield Row(key=f"{name}.parameters.{part}", value=number, unit="numbers", how=how)
        for metric in [fact for fact in HELD if fact in model.facts]:
            value = float(model.facts[metric])
            told = f"as models/{name}.pt holds it, 1,000 test digits"
            yield Row(key=f"{name}.{metric.replace(' ', '-')}", value=value, unit="share", how=told)
    target = load_target("loihi2")
    doubts = sum(entry.unverified for entry in target.provenance.values())
    yield Row(key="loihi2.limits", value=len(target.provenance), unit="limits", how="targets/loihi2.yaml")
    yield Row(key="loihi2.unverified", value=doubts, unit="limits", how="targets/loihi2.yaml")


# --- texts: what the quoted commands print ------------------------------------------------------------------------


def texts() -> Iterator[Row]:
    """Write what the commands print, without a terminal; there are no rows of them."""
    TEXTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        verified, refused = Path(folder) / "verified", Path(folder) / "refused"
        shutil.copytree(ROOT / "models", verified / "models")
        _printed(verified, "neurocmc compile models/swta-digits.pt --target loihi1 -o build")
        for name in ("verify", "budget"):
            write_text(name, _printed(verified, COMMANDS[name]).stdout)
        refused.mkdir()
        shutil.copy(ROOT / "examples" / "circuit.yaml", refused)
        write_text("refusal", _printed(refused, COMMANDS["refusal"], exit_code=2).stderr)
        assert not (refused / "build").exists(), "README says that a refusal leaves nothing on disk"
    yield from ()


def _printed(folder: Path, command: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NEUROCMC_LAVA_PYTHON": str(lava_python()), "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", *command.split()]
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, f"{command}: exit code {done.returncode}\n{done.stderr}"
    return done


def write_text(name: str, text: str) -> None:
    """Write one text file as it was printed."""
    (TEXTS / f"{name}.txt").write_text(text, encoding="utf-8")
    print(f"docs/studies/readme/{name}.txt: {text.count(chr(10))} lines", flush=True)


# --- winner: four units, a switch of winner, beside NEF -----------------------------------------------------------


def winner() -> Iterator[Row]:
    """NRMSE over 2 s of our own codes, then of the peer where its environment is at hand."""
    for row in our_errors(loihi1(), (64, 256), SEEDS):
        seeds = f"{len(row.nrmse)} seeds" if row.code == "rate" else "no random part"
        how = f"loihi1 emulator, {row.code} code, N = {row.neurons}, 2 s, {seeds}; python -m tests.bench accuracy"
        value = float(np.mean(row.nrmse))
        yield Row(key=f"winner.{row.code}.{row.neurons}", value=value, unit="of largest activity", how=how)
    if python := NENGO.python():
        with tempfile.TemporaryDirectory() as folder:
            yield from peer_rows(run_peer(python, (64, 256), SEEDS, Path(folder) / "nef.json"))
    else:
        print(f"{NENGO.how_to()}\nThe rows nef.* are kept.", flush=True)


def peer_rows(rows: Sequence[PeerRow]) -> Iterator[Row]:
    """The mean over seeds of each system, variant and size."""
    for row in rows:
        seeds = f"{len(row.nrmse)} seeds; python -m tests.bench accuracy"
        how = f"NEF, {row.system}, {row.variant}, N = {row.neurons}, 2 s, {seeds}"
        key = f"nef.{SYSTEMS[row.system]}.{row.variant}.{row.neurons}"
        yield Row(key=key, value=float(np.mean(row.nrmse)), unit="of largest activity", how=how)


# --- digits -------------------------------------------------------------------------------------------------------


def digits() -> Iterator[Row]:
    """All 1,000 test digits in both codes, on the emulator."""
    for code in CODES:
        lowered, stimulus = compiled("swta-digits.pt", NEURONS, code)
        emulator = simulate_emulator(integers_of(lowered), stimulus)
        trials = f"{stimulus.batch:,} test digits of {stimulus.duration_s:g} s"
        how = f"loihi1 emulator, {code} code, N = {NEURONS}, seed 0, {trials}"
        yield from _judged(f"digits.{code}", lowered, stimulus, emulator, how)
        spikes = sum(int(count.sum()) for count in emulator.spike_counts.values())
        yield Row(key=f"digits.{code}.spikes", value=spikes, unit="spikes", how=how)
        energy = estimate_energy(loihi(lowered).chip, loihi1(), spike_load(integers_of(lowered), stimulus, emulator))
        assert energy.dynamic_per_presentation_pj is not None
        dynamic_j = energy.dynamic_per_presentation_pj * 1e-12
        yield Row(key=f"digits.{code}.energy", value=dynamic_j, unit="J a presentation", how=f"estimate: {how}")
        key, how = (
            f"digits.{code}.first-{FIRST_DIGITS}.nrmse",
            how.replace(f"{stimulus.batch:,}", f"the first {FIRST_DIGITS}"),
        )
        yield Row(key=key, value=first_digits_nrmse(code), unit="of range", how=how)


def first_digits_nrmse(code: Code) -> float:
    """NRMSE of the worst population on the first digits."""
    lowered, stimulus = compiled("swta-digits.pt", NEURONS, code)
    stimulus = stimulus.take(slice(FIRST_DIGITS))
    return worst_nrmse(lowered, stimulus, simulate_emulator(integers_of(lowered), stimulus))


@cache
def compiled(name: str, neurons: int, code: Code) -> tuple[Lowered, Stimulus]:
    """A bundled model on loihi1, and its first test stimulus."""
    model = load(resource_path(f"models/{name}"))
    stimuli = model.read_stimuli()
    lowered = lower(model.circuit, stimuli.calibration, loihi1(), CompileOptions(neurons=neurons, code=code))
    return lowered, stimuli.test[0]


def worst_nrmse(lowered: Lowered, stimulus: Stimulus, other: Recording) -> float:
    """NRMSE of rates of the worst population, as `verify` judges it."""
    return max(nrmse(lowered.built.beside_rate(stimulus, other).reference.activity, other.activity).values())


def _judged(key: str, lowered: Lowered, stimulus: Stimulus, other: Recording, how: str) -> Iterator[Row]:
    pair = lowered.built.beside_rate(stimulus, other)
    assert pair.decided is not None
    (readout,) = lowered.staged.classifiers or lowered.spiking.readouts
    wanted, got = decisions(pair.decided, readout), decisions(other, readout)
    errors = nrmse(pair.reference.activity, other.activity)
    yield Row(key=f"{key}.agreement", value=agreement(wanted, got), unit="share", how=how)
    yield Row(key=f"{key}.ties", value=int((got == TIE).sum()), unit="trials", how=how)
    for name, chosen in (("rate", wanted), (other.level, got)):
        value = accuracy(chosen, stimulus.labels)
        assert value is not None
        yield Row(key=f"{key}.accuracy.{name}", value=value, unit="share", how=how)
    yield Row(key=f"{key}.nrmse", value=max(errors.values()), unit="of range", how=how)
    yield Row(key=f"{key}.populations", value=len(errors), unit="populations", how=how)


# --- microcircuits ------------------------------------------------------------------------------------------------


def microcircuits() -> Iterator[Row]:
    """Three regions at 32 and 64 neurons per unit: all digits on the emulator, some on Brian2, and what they take."""
    for neurons in (32, 64):
        lowered, stimulus = compiled("cmc-v1v3.pt", neurons, "threshold")
        key, how = f"cmc.{neurons}", f"loihi1, threshold code, N = {neurons}"
        yield Row(key=f"{key}.neurons", value=integers_of(lowered).neurons, unit="neurons", how=how)
        yield Row(key=f"{key}.cores", value=loihi(lowered).chip.cores, unit="cores", how=how)
        yield Row(key=f"{key}.cores.least", value=loihi(lowered).chip.cores_lower_bound, unit="cores", how=how)
        proved = sum(entry.proved == "any input" for entry in loihi(lowered).headroom)
        yield Row(key=f"{key}.proved", value=proved, unit="populations", how=f"{how}, whatever the host sends")
        if neurons == 32:
            some = stimulus.take(slice(ON_BRIAN2))
            seen = simulate_brian2(lowered.spiking, some)
            yield from _judged(f"{key}.brian2", lowered, some, seen, f"Brian2, {how}, {ON_BRIAN2} test digits")
        emulator = simulate_emulator(integers_of(lowered), stimulus)
        told = f"{how}, emulator, {stimulus.batch:,} test digits"
        yield from _judged(key, lowered, stimulus, emulator, told)


# --- memory -------------------------------------------------------------------------------------------------------


def memory() -> Iterator[Row]:
    """The demo `up-state`, and both trained tasks at the longest delay."""
    with tempfile.TemporaryDirectory() as folder:
        result = run_demo("up-state", "loihi1", Path(folder) / "up-state")
        edges = {edge.quantity: edge for edge in result.edges if edge.name == "emulator ~ theory"}
        stimuli = result.artifact.stimuli.by_name()
        cued = sum(stimuli[name].batch for name in TRIALS if name != "silence")
        how = f"loihi1 emulator, threshold code, N = {NEURONS}, {cued} trials"
        values = {
            "cued": (float(cued), "trials"),
            "held": (edges["item held after the cue"].value, "s, the shortest"),
            "amplitude": (edges["amplitude of the up-state"].value, "of x*, the worst"),
            "silent": (edges["activity without a cue"].value, "activity without a cue"),
        }
        for name, (value, unit) in values.items():
            assert value is not None
            yield Row(key=f"up-state.{name}", value=value, unit=unit, how=how)
        for name in ("delayed-match", "context-integration"):
            yield from _task(name, Path(folder) / name)


def _task(name: str, folder: Path) -> Iterator[Row]:
    path = resource_path(f"models/{name}.pt")
    loaded = load(path)
    artifact = compile_model(path, "loihi1", folder, CompileOptions(neurons=NEURONS, figures=False))
    stimulus = loaded.read_stimuli().by_name()[f"delay-{DELAY_TAU:g}-tau"]
    how = f"threshold code, N = {NEURONS}, {stimulus.batch} trials at a delay of {DELAY_TAU:g} time constants"
    readout = artifact.circuit.readouts[0]
    for on in ("rate", "emulator"):
        value = accuracy(decisions(simulate(artifact, on, stimulus, record_spikes=False), readout), stimulus.labels)
        assert value is not None
        yield Row(key=f"{name}.{on}", value=value, unit="share", how=f"{on}, {how}")


# --- the table ----------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "models": models,
    "texts": texts,
    "winner": winner,
    "digits": digits,
    "microcircuits": microcircuits,
    "memory": memory,
}


def main() -> None:
    """Measure the parts asked for, print each row as it comes, and write the table after each part."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.readme", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"{unknown[0]!r} is no part; there are {', '.join(PARTS)}")
    for part in parts:
        rows: dict[str, Row] = {}
        for row in PARTS[part]():
            print(f"{row.key} = {row.value:.8g} {row.unit} ({row.how})", flush=True)
            rows[row.key] = row
        write_table(read_table() | rows)


if __name__ == "__main__":
    main()
