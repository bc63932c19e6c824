"""Automata on a chip: random machines and the two-state machine, compiled, run and judged symbol by symbol.

    python -m tests.acceptance.automata                     docs/studies/automata.csv, Loihi's emulator, 20 machines
    python -m tests.acceptance.automata --target T --on I   any target and any interpreter, into another file (-o)
    python -m tests.acceptance.automata --code feedback --neurons 8     docs/studies/automata-feedback.csv
    python -m tests.acceptance.automata --resources         docs/studies/automata-resources.csv, compiled only

Machine k is `random_machine(k)`, 2 to 8 states and 1 to 4 symbols; its symbols are drawn with seed 1,000 + k. The
two-state machine is models/two-state.yaml with 1,000 symbols of seed 0.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

import neurocmc
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.machine import Machine, drawn_machine, random_machine
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.automata import machine_of, random_symbols, run_machine
from neurocmc.pipeline.simulate import Interpreter
from neurocmc.targets import CODES, Code
from tests.made.machines import machine_yaml

STUDIES = Path(__file__).parents[2] / "docs" / "studies"
MACHINES = 20
SIZES = ((2, 1), (2, 2), (4, 2), (4, 4), (8, 2), (8, 4), (16, 2), (16, 4))  # states, symbols of the resources


def run(
    machines: Sequence[int],
    target: str,
    on: Interpreter,
    neurons: int,
    trials: int,
    symbols: int,
    code: Code = "threshold",
) -> Iterator[dict[str, Any]]:
    """A row for each random machine: its sizes, what it takes, and how many of its symbols went wrong."""
    for seed in machines:
        machine = random_machine(seed)
        with tempfile.TemporaryDirectory() as folder:
            artifact = compiled(machine, Path(folder), target, neurons, code)
            yield {"machine": f"random {seed}", **judged(artifact, on, trials, symbols, 1000 + seed)}


def run_two_state(
    target: str, on: Interpreter, neurons: int, trials: int, symbols: int, code: Code = "threshold"
) -> dict[str, Any]:
    """The row of the two-state machine."""
    with tempfile.TemporaryDirectory() as folder:
        source = resource_path("models/two-state.yaml")
        out = Path(folder) / "build"
        artifact = neurocmc.compile(source, target=target, out=out, neurons=neurons, code=code, figures=False)
        return {"machine": "two-state", **judged(artifact, on, trials, symbols, 0)}


def compiled(machine: Machine, folder: Path, target: str, neurons: int, code: Code = "threshold") -> Artifact:
    """A machine through its YAML to an artifact."""
    source = folder / "machine.yaml"
    source.write_text(machine_yaml(machine))
    out = folder / "build"
    return neurocmc.compile(source, target=target, out=out, neurons=neurons, code=code, figures=False)


def judged(artifact: Artifact, on: Interpreter, trials: int, symbols: int, seed: int) -> dict[str, Any]:
    """Sizes and resources of a compiled machine, and its errors on random symbols; resets are not counted."""
    program = machine_of(artifact)
    stimulus = random_symbols(program, trials=trials, symbols=symbols, seed=seed)
    _, score = run_machine(artifact, on, stimulus)
    given = score.symbols - trials  # the resets
    errors = int((~score.right)[:, 1:].sum())
    row = {"on": on, "symbols": given, "errors": errors, "right_percent": 100.0 * (1.0 - errors / given)}
    return {**resources(artifact), **row}


def resources(artifact: Artifact) -> dict[str, Any]:
    """States, symbols and transition units of a machine, and what they take of the target."""
    machine = machine_of(artifact).machine
    budget = neurocmc.budget(artifact)
    used = {row.resource: row.used for row in budget.in_all}
    return {
        "target": artifact.target.name,
        "states": len(machine.states),
        "alphabet": len(machine.symbols),
        "transition_units": len(machine.transitions),
        "rate_units": artifact.circuit.units,
        "neurons": artifact.spiking.neurons,
        "cores": budget.cores_used,
        "synapses": used.get("synapses"),
    }


def run_resources(target: str, neurons: int) -> Iterator[dict[str, Any]]:
    """What machines of given sizes take: the first of each size that seed 0 draws."""
    for states, symbols in SIZES:
        machine = drawn_machine(np.random.default_rng(0), states, symbols)
        with tempfile.TemporaryDirectory() as folder:
            yield resources(compiled(machine, Path(folder), target, neurons))


def main() -> None:
    """Run, print each row as it comes, write the CSV: without -o only where the study is run as a whole."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.automata", description="automata on a chip")
    parser.add_argument("--target", default="loihi1")
    parser.add_argument("--on", default="emulator")
    parser.add_argument("--neurons", type=int, default=64)
    parser.add_argument("--code", default="threshold", choices=CODES)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=50, help="in each trial")
    parser.add_argument("--machines", type=int, nargs=2, default=(0, MACHINES), metavar=("FIRST", "STOP"))
    parser.add_argument("--resources", action="store_true", help="compile only, machines of given sizes")
    parser.add_argument("--two-state", action="store_true", help="the two-state machine only")
    parser.add_argument("-o", dest="out", type=Path, help="the CSV")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for row in run_resources(given.target, given.neurons) if given.resources else _all(given):
        rows.append(row)
        print(*(f"{name}={value}" for name, value in row.items()), flush=True)
    if "right_percent" in rows[0]:
        shares = [row["right_percent"] for row in rows]
        print(f"mean {fmean(shares):.3f} %, worst {min(shares):.3f} %, {sum(row['errors'] for row in rows)} errors")
    whole = all(getattr(given, name) == parser.get_default(name) for name in ("target", "neurons", "code"))
    out = given.out
    if out is None and _of_feedback(given, parser):
        out = STUDIES / "automata-feedback.csv"
    if out is None and whole and (given.resources or _is_the_study(given, parser)):
        out = STUDIES / ("automata-resources.csv" if given.resources else "automata.csv")
    if out is None:  # the study's file is for the whole study
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _of_feedback(given: argparse.Namespace, parser: argparse.ArgumentParser) -> bool:
    on_loihi = given.target == parser.get_default("target") and not given.resources
    return on_loihi and (given.code, given.neurons) == ("feedback", 8) and _is_the_study(given, parser)


def _is_the_study(given: argparse.Namespace, parser: argparse.ArgumentParser) -> bool:
    names = ("on", "trials", "symbols", "machines", "two_state")
    return all(getattr(given, name) == parser.get_default(name) for name in names)


def _all(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    size = {"neurons": given.neurons, "trials": given.trials, "symbols": given.symbols, "code": given.code}
    if given.machines[0] == 0:
        yield run_two_state(given.target, given.on, **size)
    if not given.two_state:
        yield from run(range(*given.machines), given.target, given.on, **size)


if __name__ == "__main__":
    main()
