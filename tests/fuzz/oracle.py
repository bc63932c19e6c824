"""What accepted input must come to, by other means than neurocmc's own.

A circuit written by hand is stepped by the recurrences of docs/circuits.md, which stand here once more, written from
that page alone; files of RANC run on a second interpreter. What neither reads goes through `verify`.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.files import read_npz
from neurocmc.common.strict_yaml import load_document
from tests.backends.ranc_interpreter import interpret
from tests.fuzz.case import Made
from tests.fuzz.sandbox import IN, Limits, run_forked

LIMITS = Limits(cpu_s=120, wall_s=300)
TOLERANCE = 1e-5  # recordings are float32
MOST_CELLS = 2_000_000
Array = np.ndarray


def look(made: Made, place: Path) -> str:
    """Compare what was accepted; the answer begins with "equal", "verified", "missed", "too large" or "differs"."""
    folder = place / IN
    if made.oracle == "ranc":
        return _ranc(folder)
    if made.oracle == "verify":
        return _verified(made, place)
    return _stepped(dict(load_document(folder / "c.yaml").data), made, place)


def _verified(made: Made, place: Path) -> str:
    ran = run_forked(
        replace(made, arguments=("verify", "out", "--samples", "1", "--no-figures", "--json")), place, LIMITS
    )
    if ran.code not in (0, 1):
        return f"differs: verify of what was compiled ends with {ran.code}{ran.signal}: {ran.err[-200:]}"
    try:
        json.loads(ran.out)
    except ValueError:
        return "differs: what verify says is no JSON"
    return "verified" if ran.code == 0 else "missed a budget"


def _ranc(folder: Path) -> str:
    document, config = (json.loads((folder / name).read_text()) for name in ("ranc.json", "config.json"))
    document.setdefault("packets", [])
    try:
        wanted = interpret(document, config, 9).lines
    except (IndexError, KeyError, TypeError):  # it knows no lists that are shorter than others, for one
        return "not read by the second RANC"
    written = [[int(bit) for bit in line.split()] for line in (folder / "o.txt").read_text().splitlines()]
    return "equal to a second RANC" if written == wanted else f"differs from a second RANC: {written} for {wanted}"


def _stepped(data: dict[str, Any], made: Made, place: Path) -> str:
    """Every stimulus on the rate level beside the page's recurrences."""
    for name, stimulus in data["stimuli"].items():
        if (
            stimulus["duration_s"] / data["dt_ms"] * 1e3 * sum(p["size"] for p in data["populations"].values())
            > MOST_CELLS
        ):
            return "too large to be stepped"
        arguments = ("simulate", "out", "--on", "rate", "--stimulus", str(name), "-o", "o.npz")
        ran = run_forked(replace(made, arguments=arguments), place, LIMITS)
        if ran.code != 0:
            # A stimulus that the rate circuit runs away under is refused.
            if ran.code == 2:
                continue
            return f"differs: simulate of what was compiled ends with {ran.code}{ran.signal}: {ran.err[-200:]}"
        if stimulus.get("noise"):
            continue  # its random numbers are neurocmc's own
        recorded = read_npz(place / IN / "o.npz")
        trials = stimulus.get("trials") or [{"steps": stimulus.get("steps") or []}]
        for index, trial in enumerate(trials):
            for population, wanted in stepped(data, trial, stimulus["duration_s"]).items():
                got = recorded[f"activity/{population}"][index]
                scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
                if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale):
                    return f"differs from the recurrences: {name}, trial {index}, {population}"
    return "equal to the recurrences"


def stepped(circuit: dict[str, Any], trial: dict[str, Any], duration_s: float) -> dict[str, Array]:
    """What docs/circuits.md says that each population shows, (ticks, units)."""
    return _Stepper(circuit).run(trial, duration_s)


class _Filter:
    """A low pass of unit gain and order 1 or 2; of time constant 0, none at all."""

    def __init__(self, tau_ms: float, order: int, dt_ms: float, start: Array) -> None:
        self.keep = float(np.exp(-dt_ms / tau_ms)) if tau_ms > 0 else 0.0
        self.order, self.first, self.value = order, start.copy(), start.copy()

    def step(self, into: Array) -> None:
        if self.order == 2:
            self.value = self.keep * self.value + (1 - self.keep) * self.first
        self.first = self.keep * self.first + (1 - self.keep) * into
        if self.order == 1:
            self.value = self.first


class _Stepper:
    """The page's recurrences with a filter for each projection and input, which is the same where all are equal."""

    def __init__(self, circuit: dict[str, Any]) -> None:
        self.dt_ms = float(circuit["dt_ms"])
        self.after = circuit["form"] == "filter-after"
        self.populations: dict[str, dict[str, Any]] = circuit["populations"]
        self.sizes = {name: entry["size"] for name, entry in self.populations.items()}
        self.projections = circuit.get("projections") or []
        self.inputs: dict[str, dict[str, Any]] = circuit.get("inputs") or {}
        self.start = {name: self._each(name, "initial", 0.0) for name in self.populations}

    def _each(self, name: str, field: str, default: float) -> Array:
        given = self.populations[name].get(field, default)
        return np.broadcast_to(np.asarray(given, dtype=np.float64), (self.sizes[name],)).copy()

    def _filter_of(self, entry: dict[str, Any], population: str) -> tuple[float, int]:
        of = self.populations[population]
        tau, order = entry.get("tau_ms"), entry.get("order")
        return of["tau_ms"] if tau is None else tau, of.get("order", 1) if order is None else order

    def _weight(self, given: Any, rows: int, columns: int) -> Array:
        if isinstance(given, dict):
            value, pattern = given["value"], given["pattern"]
            if pattern == "one-to-one":
                return value * np.eye(rows, columns)
            if pattern == "all-to-all":
                return np.full((rows, columns), float(value))
            here, there = np.indices((rows, columns))
            return value * (np.abs(here - there) == 1)
        if isinstance(given, list):
            return np.array(given, dtype=np.float64)
        return np.full((rows, columns), float(given))

    def phi(self, name: str, total: Array) -> Array:
        """The transfer of a population with its gain, threshold, bias and saturation."""
        entry = self.populations[name]
        kind = entry.get("transfer") or "relu"
        z = self._each(name, "gain", 1.0) * (
            total + self._each(name, "bias", 0.0) - self._each(name, "threshold", 0.0)
        )
        most = entry.get("saturation")
        if kind == "sigmoid":
            return (1.0 if most is None else most) / (1.0 + np.exp(-z))
        value = {"relu": np.maximum(z, 0.0), "softplus": np.logaddexp(0.0, z), "linear": z}[kind]
        return value if most is None else np.minimum(value, most)

    def run(self, trial: dict[str, Any], duration_s: float) -> dict[str, Array]:
        """What each population shows under one trial."""
        ticks = round(1e3 * duration_s / self.dt_ms)
        drives = self._drives(trial, ticks)
        paths = [self._path(entry) for entry in self.projections]
        into = {name: self._input(entry) for name, entry in self.inputs.items()}
        traces = {
            name: _Filter(*self._filter_of({}, name), self.dt_ms, self.start[name]) for name in self.populations
        }
        shown: dict[str, list[Array]] = {name: [] for name in self.populations}
        for tick in range(ticks):
            total = {name: np.zeros(size) for name, size in self.sizes.items()}
            for entry, weight, low_pass in paths:
                total[entry["to"]] += weight @ low_pass.value
            for name, (weight, low_pass) in into.items():
                drive = drives[name][tick]
                total[self.inputs[name]["to"]] += weight @ (drive if low_pass is None else low_pass.value)
            rate = {name: self.phi(name, total[name]) for name in self.populations}
            for entry, _, low_pass in paths:
                low_pass.step(rate[entry["from"]])
            for name, (_, low_pass) in into.items():
                if low_pass is not None:
                    low_pass.step(drives[name][tick])
            for name, trace in traces.items():
                trace.step(rate[name])
                shown[name].append(trace.value if self.after else rate[name])
        return {name: np.array(values).reshape(ticks, self.sizes[name]) for name, values in shown.items()}

    def _path(self, entry: dict[str, Any]) -> tuple[dict[str, Any], Array, _Filter]:
        weight = self._weight(entry["weight"], self.sizes[entry["to"]], self.sizes[entry["from"]])
        tau, order = self._filter_of(entry, entry["from"] if self.after else entry["to"])
        return entry, weight, _Filter(tau, order, self.dt_ms, self.start[entry["from"]])

    def _input(self, entry: dict[str, Any]) -> tuple[Array, _Filter | None]:
        size = self.sizes[entry["to"]]
        given = entry.get("weight")
        channels = self._channels(entry)
        weight = np.eye(size, channels) if given is None else self._weight(given, size, channels)
        if self.after:
            tau, order = entry.get("tau_ms") or 0.0, entry.get("order") or 1
        else:
            tau, order = self._filter_of(entry, entry["to"])
        return weight, _Filter(tau, order, self.dt_ms, np.zeros(channels)) if tau > 0 else None

    def _channels(self, entry: dict[str, Any]) -> int:
        given = entry.get("weight")
        if entry.get("channels") is not None:
            return entry["channels"]
        return len(given[0]) if isinstance(given, list) else self.sizes[entry["to"]]

    def _drives(self, trial: dict[str, Any], ticks: int) -> dict[str, Array]:
        """(ticks, channels) of each input: the mean of the drive over each step."""
        edges_ms = np.arange(ticks + 1) * self.dt_ms
        steps = sorted(trial.get("steps") or [], key=lambda step: step["at_s"])
        found: dict[str, Array] = {}
        for name, entry in self.inputs.items():
            channels = self._channels(entry)
            drive = np.zeros((ticks, channels))
            changes = [
                (1e3 * step["at_s"], np.broadcast_to(np.asarray(step[name], dtype=np.float64), (channels,)))
                for step in steps
                if name in step
            ]
            for index, (at, value) in enumerate(changes):
                until = changes[index + 1][0] if index + 1 < len(changes) else np.inf
                share = (np.clip(edges_ms[1:], at, until) - np.clip(edges_ms[:-1], at, until)) / self.dt_ms
                drive += share[:, None] * value
            found[name] = drive
        return found
