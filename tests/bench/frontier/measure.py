"""Compiles a point and runs it: its errors against the circuit in steps and in continuous time, and what it costs."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.errors import NeurocmcError
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import agreement, decisions, nrmse
from tests.bench.frontier.circuits import JudgedCircuit
from tests.bench.frontier.points import EQUAL, STEP, Point
from tests.made.winner_circuits import activity_of

TARGET = "loihi1"
FINE = 20  # steps of the equation in a tick
AT_ONCE = 25  # trials that are integrated side by side
UJ_PER_PJ = 1e-6
REFERENCES = ("euler", "ode")
COMPARTMENTS = "compartments"  # the resource that neurons are


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one point came to on one circuit; errors and shares are fractions, spikes and energy of a mean trial.

    `euler` is against the circuit in steps of a tick, `ode` against its equation in time. None stands where a
    circuit has no such number. A point that the compiler refuses has the id of the reason, and nothing else.
    """

    circuit: str
    point: str
    code: str
    options: str = ""
    trials: int | None = None
    euler_median: float | None = None
    euler_p90: float | None = None
    ode_median: float | None = None
    ode_p90: float | None = None
    fixed_euler: float | None = None
    fixed_ode: float | None = None
    worst_population: float | None = None
    agree: float | None = None
    capacity: float | None = None  # that the chip keeps, of the rate circuit's
    spikes: float | None = None  # of all neurons on the chip
    host_spikes: float | None = None  # that the host sends to them
    energy_uj: float | None = None
    cores: int | None = None
    neurons_a_unit: float | None = None  # of all neurons, whatever they are there for
    refused: str = ""


@dataclass(slots=True)
class Bench:
    """One circuit under measurement; what it does without a chip is found once."""

    name: str
    circuit: JudgedCircuit
    _references: dict[tuple[object, ...], Recording] = field(default_factory=dict)

    def row(self, point: Point) -> Row:
        """Returns what a point came to. Raises TypeError for an option that the compiler does not have."""
        row = Row(circuit=self.name, point=point.name, code=point.code, options=told(point.options))
        options = point.compile_options()
        with tempfile.TemporaryDirectory() as folder:
            try:
                artifact = compile_model(self.circuit.model, TARGET, Path(folder) / "build", options)
                return self._measured(replace(row, options=_compiled_with(point, artifact)), artifact)
            except NeurocmcError as error:
                return replace(row, refused=error.problems[0].id)

    def step_row(self) -> Row:
        """Returns the error of the tick alone: the circuit in steps of a tick against its equation in time."""
        row = Row(circuit=self.name, point="the tick alone", code=STEP)
        options = Point(name="", code="threshold", options={"neurons": 16, **EQUAL}).compile_options()
        with tempfile.TemporaryDirectory() as folder:
            seen = compile_model(self.circuit.model, TARGET, Path(folder) / "build", options).built.as_seen
        judged, fixed = self.circuit.judged, self.circuit.fixed
        euler = self.reference("euler", seen, judged)
        return self.judged(row, seen, euler, None if fixed is None else self.reference("euler", seen, fixed))

    def judged(self, row: Row, seen: RateCircuit, ran: Recording, fixed: Recording | None) -> Row:
        """Returns the row with the errors of recordings, which are in the terms of the model.

        `seen` is the circuit as its pools are observed, `ran` what was recorded on the judged drives, and `fixed` on
        the fixed one.
        """
        found: dict[str, float] = {}
        for reference in REFERENCES if self.circuit.continuous else REFERENCES[:1]:
            truth = self.reference(reference, seen, self.circuit.judged)
            errors = errors_of_trials(activity_of(truth), activity_of(ran), self.circuit.pieces)
            found[f"{reference}_median"] = float(np.median(errors))
            found[f"{reference}_p90"] = float(np.percentile(errors, 90))
            if fixed is not None and self.circuit.fixed is not None:
                truth = self.reference(reference, seen, self.circuit.fixed)
                found[f"fixed_{reference}"] = float(errors_of_trials(activity_of(truth), activity_of(fixed))[0])
        euler = self.reference("euler", seen, self.circuit.judged)
        worst = max(nrmse(euler.activity, ran.activity).values())
        return replace(row, trials=self.circuit.judged.batch, worst_population=worst, **found)

    def reference(self, kind: str, seen: RateCircuit, stimulus: Stimulus) -> Recording:
        """Returns what the circuit does on a stimulus, in the terms of the model: in ticks, or in fine steps.

        Staging changes none of it, so that it depends on nothing but the filters that pools are observed through.
        """
        own = self.circuit.model.circuit
        filters = tuple((p.name, p.trace_tau_s, p.trace_order) for p in map(seen.population, _names(own)))
        key = (kind, stimulus.name, filters)
        if key not in self._references:
            found = simulate_rate(seen, stimulus) if kind == "euler" else integrated(seen, stimulus)
            self._references[key] = restored(found, own, seen)
        return self._references[key]

    def _measured(self, row: Row, artifact: Artifact) -> Row:
        built, judged, fixed = artifact.built, self.circuit.judged, self.circuit.fixed
        ran = built.run(judged)
        whole = self._as_model(built, ran)
        row = self.judged(
            row, built.as_seen, whole, None if fixed is None else self._as_model(built, built.run(fixed))
        )
        return replace(
            self._with_costs(row, built, ran),
            agree=_agreement(built, judged, ran),
            capacity=self._capacity(built, whole),
        )

    def _with_costs(self, row: Row, built: Built, ran: Recording) -> Row:
        """The row with spikes and energy of a mean trial as the product's budget counts them, neurons and cores."""
        budget = built.budget(self.circuit.judged, ran)
        assert budget.load is not None
        assert budget.energy is not None
        load, dynamic_pj = budget.load, budget.energy.dynamic_per_presentation_pj
        neurons = next(use.used for use in budget.in_all if use.resource == COMPARTMENTS)
        return replace(
            row,
            spikes=load.ticks * sum(pools.total for pools in load.populations),
            host_spikes=load.ticks * sum(axons.total for axons in load.inputs),
            energy_uj=None if dynamic_pj is None else UJ_PER_PJ * dynamic_pj,
            cores=built.cores_used,
            neurons_a_unit=neurons / self.circuit.model.circuit.units,
        )

    def _as_model(self, built: Built, ran: Recording) -> Recording:
        return restored(built.of_whole_units(ran), self.circuit.model.circuit, built.as_seen)

    def _capacity(self, built: Built, whole: Recording) -> float | None:
        """The score of what the chip did over that of the rate circuit."""
        if self.circuit.score is None:
            return None
        rate = self.reference("euler", built.as_seen, self.circuit.judged)
        return self.circuit.score(activity_of(whole)[0]) / self.circuit.score(activity_of(rate)[0])


def errors_of_trials(reference: Float, other: Float, pieces: int = 1) -> Float:
    """Returns (trials x pieces,) NRMSE: each unit's RMSE over time, mean over units, over the largest activity.

    Args:
        reference: (trials, ticks, units), whose largest absolute activity of any unit in a piece is the scale.
        other: The same of what is judged.
        pieces: The equal parts in time that each trial is judged in; ticks left over at its beginning are dropped.

    Returns:
        Fractions of the scale.
    """
    truth, found = _in_pieces(reference, pieces), _in_pieces(other, pieces)
    rmse = np.sqrt(np.square(found - truth).mean(axis=1))
    return rmse.mean(axis=1) / np.abs(truth).max(axis=(1, 2))


def _in_pieces(values: Float, pieces: int) -> Float:
    """(trials x pieces, ticks of a piece, units)."""
    trials, ticks, units = values.shape
    long = ticks // pieces
    return values[:, ticks - long * pieces :].reshape(trials * pieces, long, units)


def integrated(circuit: RateCircuit, stimulus: Stimulus) -> Recording:
    """Integrates the circuit's equation in steps of a twentieth of a tick, and keeps what it is at every tick.

    Index t of a trace is its value at the end of tick t; of a rate that nothing filters, at its beginning.
    """
    parts = [
        _each_tick(circuit, simulate_rate(circuit, stimulus.take(slice(first, first + AT_ONCE)), circuit.dt_s / FINE))
        for first in range(0, stimulus.batch, AT_ONCE)
    ]
    return Recording(
        level="rate",
        stimulus=stimulus.name,
        tick_s=circuit.dt_s,
        activity={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        spikes={},
        spike_counts={},
    )


def _each_tick(circuit: RateCircuit, fine: Recording) -> dict[str, NDArray[np.float32]]:
    at = {p.name: FINE - 1 if p.trace_tau_s > 0 else 0 for p in circuit.populations}
    return {name: activity[:, at[name] :: FINE].copy() for name, activity in fine.activity.items()}


def told(options: Mapping[str, Any]) -> str:
    """Returns options in one line."""
    return " ".join(f"{name}={value}" for name, value in options.items())


def _compiled_with(point: Point, artifact: Artifact) -> str:
    """The options, with those of the threshold code that the compiler chose."""
    chosen = artifact.manifest["options"]
    if point.code != "threshold":
        return told(point.options)
    return told({**point.options, **{name: chosen[name] for name in EQUAL}})


def _agreement(built: Built, stimulus: Stimulus, ran: Recording) -> float | None:
    """The share of trials that the chip decides as the rate circuit does, by the first readout that decides."""
    if not built.readouts:
        return None
    pair = built.beside_rate(stimulus, ran)
    readout = built.readouts[0]
    return agreement(decisions(pair.decided or pair.reference, readout), decisions(pair.other, readout))


def _names(circuit: RateCircuit) -> list[str]:
    return [population.name for population in circuit.populations]
