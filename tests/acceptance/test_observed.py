"""A circuit shows what its form defines: drawn circuits against a stepper written from docs/circuits.md alone.

The stepper knows the page's two recurrences and nothing of neurocmc. Rates equal it to 1e-6; pools to the limits that
verification states for the worst unit and the worst moment.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import neurocmc
from neurocmc.ir.gates import GATES
from neurocmc.verification.metrics import moment_errors

TRANSFERS = ("relu", "sigmoid", "softplus", "linear")
DT_MS, TICKS, NEURONS = 1.0, 160, 64
SIZES = {"a": 2, "b": 3}


def phi(transfer: str, z: np.ndarray) -> np.ndarray:
    return {
        "relu": lambda: np.maximum(z, 0.0),
        "sigmoid": lambda: 1.0 / (1.0 + np.exp(-z)),
        "softplus": lambda: np.log1p(np.exp(z)),
        "linear": lambda: z,
    }[transfer]()


def drawn(seed: int) -> dict[str, Any]:
    """A circuit of two populations as its YAML states it: forms, transfers, orders, starts and trials by seed."""
    rng = np.random.default_rng(seed)
    form = ("filter-after", "filter-before")[seed % 2]
    order = 2 if seed % 3 == 2 else 1
    tau_ms = [20.0, 20.0] if form == "filter-after" else [8.0, 25.0]
    kinds = {name: TRANSFERS[(seed // 2 + i) % 4] for i, name in enumerate(SIZES)}
    populations = {
        name: {
            "size": size,
            "tau_ms": tau,
            "order": order,
            "transfer": kinds[name],
            "gain": rng.uniform(0.5, 1.2, size).round(3).tolist(),
            "threshold": rng.uniform(-0.1, 0.1, size).round(3).tolist(),
            "bias": rng.uniform(0.0, 0.2, size).round(3).tolist(),
            "initial": rng.uniform(0.1, 0.7, size).round(3).tolist(),
        }
        for (name, size), tau in zip(SIZES.items(), tau_ms, strict=True)
    }
    projections = [
        {
            "from": source,
            "to": target,
            "weight": rng.uniform(-0.25, 0.25, (SIZES[target], SIZES[source])).round(3).tolist(),
        }
        for source, columns in SIZES.items()
        for target, rows in SIZES.items()
    ]
    inputs = {"drive": {"to": "a", "weight": rng.uniform(0.3, 1.0, (2, 2)).round(3).tolist()}, "late": {"to": "b"}}
    trials = [
        {
            "steps": [
                {"at_s": 0.0, "drive": rng.uniform(0.2, 1.0, 2).round(3).tolist()},
                {"at_s": 0.05, "late": rng.uniform(0.2, 1.0, 3).round(3).tolist()},
                {"at_s": 0.11, "drive": 0.1},
            ]
        }
        for _ in range(3)
    ]
    return {
        "name": f"drawn{seed}",
        "dt_ms": DT_MS,
        "form": form,
        "populations": populations,
        "projections": projections,
        "inputs": inputs,
        "stimuli": {"s": {"duration_s": 1e-3 * DT_MS * TICKS, "trials": trials}},
    }


def stepped(circuit: dict[str, Any], trial: dict[str, Any]) -> dict[str, np.ndarray]:
    """What docs/circuits.md says that each population shows, (ticks, units)."""
    populations, form = circuit["populations"], circuit["form"]
    order = populations["a"]["order"]
    keep = {name: np.exp(-DT_MS / p["tau_ms"]) for name, p in populations.items()}
    number = {
        name: {key: np.array(p[key]) for key in ("gain", "threshold", "bias", "initial")}
        for name, p in populations.items()
    }
    weight = {(p["from"], p["to"]): np.array(p["weight"]) for p in circuit["projections"]}
    drive_weight = {"a": np.array(circuit["inputs"]["drive"]["weight"]), "b": np.eye(3)}

    def recurrent(rate: dict[str, np.ndarray], target: str) -> np.ndarray:
        return sum(weight[source, target] @ rate[source] for source in SIZES)

    start = {name: number[name]["initial"] for name in SIZES}
    if form == "filter-before":
        start = {name: recurrent(start, name) for name in SIZES}
    first, second = dict(start), dict(start)
    shown: dict[str, list[np.ndarray]] = {name: [] for name in SIZES}
    value = {"drive": np.zeros(2), "late": np.zeros(3)}
    for tick in range(TICKS):
        for step in trial["steps"]:
            if round(1e3 * step["at_s"] / DT_MS) == tick:
                value |= {k: np.broadcast_to(step[k], value[k].shape) for k in value if k in step}
        drive = {"a": drive_weight["a"] @ value["drive"], "b": drive_weight["b"] @ value["late"]}
        state = second if order == 2 else first
        total = state if form == "filter-before" else {n: recurrent(state, n) + drive[n] for n in SIZES}
        rate = {
            n: phi(
                populations[n]["transfer"],
                number[n]["gain"] * (total[n] + number[n]["bias"] - number[n]["threshold"]),
            )
            for n in SIZES
        }
        arrives = {n: recurrent(rate, n) + drive[n] for n in SIZES} if form == "filter-before" else rate
        second = {n: keep[n] * second[n] + (1 - keep[n]) * first[n] for n in SIZES}
        first = {n: keep[n] * first[n] + (1 - keep[n]) * arrives[n] for n in SIZES}
        state = second if order == 2 else first
        for name in SIZES:
            shown[name].append(rate[name] if form == "filter-before" else state[name])
    return {name: np.array(values) for name, values in shown.items()}


@pytest.mark.parametrize("seed", range(12))
def test_a_drawn_circuit_shows_what_its_form_defines(seed: int, tmp_path: Path) -> None:
    circuit = drawn(seed)
    (tmp_path / "circuit.yaml").write_text(yaml.safe_dump(circuit, sort_keys=False))
    artifact = neurocmc.compile(
        tmp_path / "circuit.yaml", target="loihi1", out=tmp_path / "build", neurons=NEURONS, figures=False
    )
    rate = neurocmc.simulate(artifact, on="rate")
    staged = neurocmc.simulate(artifact, on="staged")
    chip = neurocmc.simulate(artifact, on="emulator")
    trials = circuit["stimuli"]["s"]["trials"]
    for name in SIZES:
        truth = np.stack([stepped(circuit, trial)[name] for trial in trials])
        np.testing.assert_allclose(rate.activity[name], truth, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(staged.activity[name], truth, rtol=0, atol=2e-3)
        scale = truth.max() - min(truth.min(), 0.0)
        trace_ticks = 20 if circuit["form"] == "filter-after" else 1
        moments = moment_errors(truth.astype(np.float32), chip.activity[name], trace_ticks) / scale
        units = np.sqrt(np.mean((chip.activity[name] - truth) ** 2, axis=(0, 1))) / scale
        assert moments.max() <= GATES.of_moment(NEURONS, "threshold"), (name, moments.max())
        assert units.max() <= GATES.of_unit(NEURONS, "threshold"), (name, units.max())
