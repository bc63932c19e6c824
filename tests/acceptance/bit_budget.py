"""Synaptic and bit operations of bundled models beside quantised networks: `python -m tests.acceptance.bit_budget`.

Writes docs/studies/bit-budget.csv, a row for a model on a target with the defaults, as `neurocmc budget` counts it;
docs/studies/bit-budget-digits.csv, what 200 test digits cost and how many of them are right; and the tables of the
page. Nothing is drawn but what the recipes of the models draw.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import neurocmc
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.staging import restored
from neurocmc.report.bits import BitBudget, quantised_twin, ratio
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import decisions
from tests.bench.output import rewrite
from tests.made.quantised import quantised
from tests.made.tables import STUDIES, TableRow, rows_of

ROOT = Path(__file__).resolve().parents[2]
TABLE, DIGITS = STUDIES / "bit-budget.csv", STUDIES / "bit-budget-digits.csv"
PAGE = ROOT / "docs" / "bits.md"
MODELS = (
    "models/swta-digits.pt",
    "models/working-memory.yaml",
    "models/memory-items.yaml",
    "models/two-state.yaml",
    "models/context-integration.pt",
    "models/delayed-match.pt",
)
TARGETS = ("loihi1", "truenorth", "brian2")
ONLY_LOIHI = ("models/context-integration.pt", "models/delayed-match.pt")
ROWS = tuple((m, t) for m in MODELS for t in TARGETS if t != "truenorth" or m not in ONLY_LOIHI)
TRIALS = 200  # digits
BITS = (1, 2, 3, 4, 6, 8)
STEPS = (1, 10, 30)  # ticks of a step of the quantised network
DIGITS_MODEL = "models/swta-digits.pt"


def compiled(model: str, target: str, folder: Path) -> Artifact:
    """A bundled model with the defaults."""
    return neurocmc.compile(ROOT / model, target=target, out=folder / f"{Path(model).stem}-{target}", figures=False)


def row(model: str, target: str, bits: BitBudget) -> dict[str, Any]:
    """A line of the table: what spikes cost, and what the quantised network would."""
    ours, twin = bits.ours, bits.quantised
    assert twin is not None
    share = ratio(bits)
    return {
        "model": model,
        "target": target,
        "trials": ours.trials,
        "ticks": ours.ticks,
        "synaptic_operations": ours.operations,
        "per_tick": f"{ours.per_tick:.6g}",
        "weight_bits": ours.weight_bits or "",
        "bits_per_presentation": "" if ours.bits_per_presentation is None else f"{ours.bits_per_presentation:.6g}",
        "activation_bits": twin.activation_bits_most,
        "multiplications_per_step": twin.multiplications_per_step,
        "twin_bits_per_presentation": twin.bits_per_presentation,
        "steps_to_settle": twin.steps_to_settle,
        "twin_bits_to_settle": twin.bits_to_settle,
        "ratio": "" if share is None else f"{share:.6g}",
        "neurons": ours.neuron_updates_per_tick,
        "units": twin.unit_updates_per_step,
        "memory_bits": ours.synapse_memory_bits or "",
        "twin_memory_bits": twin.weight_memory_bits,
    }


def digit_rows(artifacts: Sequence[Artifact]) -> Iterator[dict[str, Any]]:
    """What 200 test digits cost on chips, as a rate circuit, and in networks of fewer bits and longer steps."""
    first = artifacts[0]
    (whole,) = first.stimuli.test
    digits = whole.take(slice(0, TRIALS))
    for artifact in artifacts:
        budget = neurocmc.budget(artifact).bits
        assert budget is not None
        seen = restored(artifact.built.of_whole_units(artifact.built.run(digits)), artifact.circuit, artifact.staged)
        spent = budget.ours.bits_per_presentation
        yield _digits(artifact.target.name, "", 1, right(artifact, seen, digits), spent)
    yield _digits("rate", "", 1, right(first, simulate_rate(first.circuit, digits), digits), None)
    for bits in BITS:
        network = quantised(first.circuit, first.built.spiking, {p.name: bits for p in first.circuit.populations})
        for step in STEPS:
            seen = simulate_rate(network, digits, step * network.dt_s)
            yield _digits("quantised", bits, step, right(first, seen, digits), twin_bits(first, bits, seen.ticks))


def twin_bits(artifact: Artifact, bits: int, steps: int) -> int:
    """Bit operations of a presentation with activations of so many bits, whatever the pools count."""
    each = dict.fromkeys((p.name for p in artifact.circuit.populations), bits)
    return quantised_twin(artifact.circuit, each, steps, steps).bits_per_presentation


def right(artifact: Artifact, seen: Recording, digits: Stimulus) -> int:
    """How many digits are recognised."""
    readout = next(r for r in artifact.circuit.readouts if r.kind == "winner")
    return int((decisions(seen, readout) == digits.labels).sum())


def _digits(on: str, bits: int | str, step: int, correct: int, spent: float | None) -> dict[str, Any]:
    return {
        "on": on,
        "activation_bits": bits,
        "step_ticks": step,
        "digits": TRIALS,
        "right": correct,
        "bits_per_presentation": "" if spent is None else f"{spent:.6g}",
    }


def write() -> None:
    """Compile everything, and write tables and page."""
    with tempfile.TemporaryDirectory() as name:
        artifacts: dict[tuple[str, str], Artifact] = {}
        lines: list[dict[str, Any]] = []
        for model, target in ROWS:
            print(model, target, file=sys.stderr)
            artifacts[model, target] = compiled(model, target, Path(name))
            bits = neurocmc.budget(artifacts[model, target]).bits
            assert bits is not None
            lines.append(row(model, target, bits))
        _write(TABLE, lines)
        _write(DIGITS, list(digit_rows([artifacts[DIGITS_MODEL, target] for target in TARGETS])))
    write_page()


def write_page() -> None:
    """Put the tables of both files into the page."""
    rewrite(PAGE, {"bit-budget": markdown(), "bit-budget-digits": digits_markdown()})


def _write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(lines)


def markdown() -> str:
    """The table of models on the page."""
    head = (
        "| model | target | ticks | synaptic operations per tick | bit operations | quantised: multiplications per "
        "step | bits per activation | bit operations | until answers stand | pools over quantised "
        "| memory bits, pools | quantised |"
    )
    lines = [head, "| --- | --- |" + " ---: |" * 10]
    lines += [
        f"| {Path(entry['model']).stem} | {entry['target']} | {_whole(entry['ticks'])} | "
        f"{_whole(entry['per_tick'])} | {_whole(entry['bits_per_presentation'])} | "
        f"{_whole(entry['multiplications_per_step'])} | {entry['activation_bits']} | "
        f"{_whole(entry['twin_bits_per_presentation'])} | {_whole(entry['twin_bits_to_settle'])} | "
        f"{_times(entry['ratio'])} | {_whole(entry['memory_bits'])} | {_whole(entry['twin_memory_bits'])} |"
        for entry in rows_of(TABLE)
    ]
    return "\n".join(lines)


def digits_markdown() -> str:
    """The table of digits on the page."""
    lines = ["| run on | bits per activation | ticks per step | correct, of 200 | bit operations per digit |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    lines += [
        f"| {entry['on']} | {entry['activation_bits'] or '–'} | {entry['step_ticks']} | {entry['right']} | "
        f"{_whole(entry['bits_per_presentation'])} |"
        for entry in rows_of(DIGITS)
    ]
    return "\n".join(lines)


def _whole(text: str) -> str:
    return f"{float(text):,.0f}" if text else "–"


def _times(text: str) -> str:
    return f"{float(text):.3g}" if text else "–"


def digits_of(rows: Sequence[TableRow], on: str, bits: str = "", step: str = "1") -> int:
    """How many digits are right in a row of the table."""
    return next(int(r["right"]) for r in rows if (r["on"], r["activation_bits"], r["step_ticks"]) == (on, bits, step))


if __name__ == "__main__":
    write()
