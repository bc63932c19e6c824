"""Measures how long a compiled circuit holds an item, and how often it errs, on a chip with faults.

Each seed draws one faulty chip (`sim.loihi.perturbed`) and its trials. A trial is judged by what the artifact says
of it:

- an item that the rate circuit goes on holding when all drive has ended is *held* as long as its unit stays above
  half of the level that the rate circuit holds, and all others below; the trial is wrong if it is not so at the end;
- a trial without a label in which the rate circuit ends silent is wrong if a unit is above half of that level;
- any other labelled trial is wrong if the decision is not the label.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.faults import NO_FAULT, FaultyChip, FaultyChips
from neurocmc.pipeline.simulate import find_stimulus
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.intervals import Interval, mean, share
from neurocmc.verification.metrics import decisions

Kind = Literal["threshold", "weight", "synapse", "dropped", "dead", "current", "spikes"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEANING: Mapping[Kind, str] = {
    "threshold": "threshold mismatch, a neuron",
    "weight": "weight mismatch, a neuron",
    "synapse": "weight mismatch, a synapse",
    "dropped": "dropped synapses",
    "dead": "dead neurons",
    "current": "noise of the current",
    "spikes": "background spikes",
}
LEVELS = (0.02, 0.05, 0.1, 0.15, 0.2)
HELD_SHARE = 0.5  # of the level that the rate circuit holds
TIME_DIGITS = 9  # of times in s, so that ticks counted and edges subtracted agree
FADES = 0.1  # of its activity, that a held item may lose in the second half of the time
WINDOW_S = 0.1  # over which the end of a trial is judged


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessOptions:
    """The measurements: kinds of faults, their levels (0 is measured in any case, once), seeds, trials a seed."""

    kinds: tuple[Kind, ...] = KINDS
    levels: tuple[float, ...] = LEVELS
    seeds: int = 20
    samples: int = 10  # of the trials of each stimulus, drawn anew by each seed
    stimuli: tuple[str, ...] = ()  # none: those for testing, and unlabelled ones, in which nothing should happen

    def problems(self) -> Iterable[Problem]:
        """Returns what cannot be measured."""
        for kind in self.kinds:
            if kind not in KINDS:
                yield Problem(
                    "choice-unknown", "--kinds", f"there is no fault {kind!r}", f"kinds are: {', '.join(KINDS)}"
                )
        for level in self.levels:
            if not 0.0 <= level <= 1.0:
                yield Problem(
                    "number-out-of-range", "--levels", f"level is {level:g}", "give shares of 0 to 1; 0.1 is 10 %"
                )
        for name, named in (("--kinds", self.kinds), ("--levels", self.levels)):
            if not named:
                yield Problem("option-empty", name, "names none", "give one or more, or leave it out")
        for name, value in (("--seeds", self.seeds), ("--samples", self.samples)):
            if value < 1:
                yield Problem("number-out-of-range", name, f"got {value}", "give 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One trial on one faulty chip; `held_s` and `longest_s` are None where nothing is to be held."""

    kind: str
    level: float
    seed: int
    stimulus: str
    trial: int  # of the stimulus, as the artifact holds it
    wrong: bool
    held_s: float | None
    longest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind at one level, over seeds. Held times are of the stimulus that has to be held longest."""

    kind: str
    level: float
    seeds: int
    trials: int
    error: Interval
    held_s: Interval | None
    longest_s: float | None
    error_of: Mapping[str, float]  # stimulus -> share of its trials that were wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """The outcomes of all trials, and what they come to for each fault and level."""

    circuit: str
    options: RobustnessOptions
    outcomes: tuple[Outcome, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """One faulty chip, and what it was drawn as."""

    chip: FaultyChip
    kind: str
    level: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """What is compiled, checked and prepared to be measured on any faulty chip; chips do not depend on each other."""

    name: str  # of the circuit or network
    options: RobustnessOptions
    chip: Callable[[str, float, int], list[Outcome]]  # kind, level, seed -> all trials on that chip

    def measured(self, progress: Callable[[str, float], None] | None = None) -> Robustness:
        """Returns what happens on all chips, one after the other."""
        outcomes: list[Outcome] = []
        for kind, level, seed in draws(self.options, progress):
            outcomes += self.chip(kind, level, seed)
        return robustness_of(self.name, self.options, outcomes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Task:
    """A stimulus and how its trials are judged; `longest_s` is (batch,), NaN where nothing is to be held."""

    stimulus: Stimulus
    host: Mapping[str, NDArray[np.int32]]  # what the host sends, (batch, ticks, units): encoded once for all seeds
    longest_s: Float
    judge: Callable[[Recording, Int], tuple[NDArray[np.bool_], Float]]


def robustness(
    artifact: Artifact, options: RobustnessOptions | None = None, progress: Callable[[str, float], None] | None = None
) -> Robustness:
    """Runs a compiled circuit on faulty chips. Same artifact and options, same outcomes.

    Args:
        artifact: An artifact of a Loihi target.
        options: Kinds of faults, their levels, seeds, trials and stimuli; None is the defaults.
        progress: Called with the fault and the share of the whole that is done, 0 to 1.

    Returns:
        The outcome of every trial, and for each fault and level the share that went wrong and the time in s that
        items were held.

    Raises:
        InputError: Where the target has no integer network, an option is out of range or no trial of the stimuli can
            be judged.
        InfeasibleError: Where faults drive a current to the end of its register.

    Example:
        >>> from neurocmc.pipeline.artifact import open_artifact
        >>> from neurocmc.pipeline.robustness import RobustnessOptions, robustness
        >>> options = RobustnessOptions(kinds=("dead",), levels=(0.1,), seeds=1, samples=1)
        >>> len(robustness(open_artifact("build/two-state"), options).cells)
        2
    """
    return circuit_bench(artifact, options or RobustnessOptions()).measured(progress)


def circuit_bench(artifact: Artifact, options: RobustnessOptions) -> Bench:
    """Returns a compiled circuit ready to be measured. Raises InputError as `robustness` does."""
    raise_input_problems(options.problems())
    chips = artifact.built.faulty_chips()
    chips.check()
    tasks = _tasks(artifact, chips, options)

    def chip(kind: str, level: float, seed: int) -> list[Outcome]:
        drawn = _Drawn(chip=chips.draw(seed, kind, level), kind=kind, level=level, seed=seed)
        return _run(artifact, tasks, drawn, options.samples)

    return Bench(name=artifact.circuit.name, options=options, chip=chip)


def grid_of(options: RobustnessOptions) -> list[tuple[str, float]]:
    """Returns no fault, then each kind at each level."""
    levels = sorted(set(options.levels) - {0.0})
    return [(NO_FAULT, 0.0), *((kind, level) for kind in dict.fromkeys(options.kinds) for level in levels)]


def draws(
    options: RobustnessOptions, progress: Callable[[str, float], None] | None
) -> Iterator[tuple[str, float, int]]:
    """Yields kind, level and seed of every chip that is drawn, and tells of each kind and level before its first."""
    grid = grid_of(options)
    for index, (kind, level) in enumerate(grid):
        if progress:
            progress(fault_named(kind, level), index / len(grid))
        yield from ((kind, level, seed) for seed in range(options.seeds))


def fault_named(kind: str, level: float) -> str:
    """Returns a kind and its level in words."""
    return kind if kind == NO_FAULT else f"{kind} {100 * level:g} %"


def drawn_trials(seed: int, place: int, batch: int, samples: int) -> Int:
    """Returns the trials that a chip runs of the stimulus at a place in the list, in rising order."""
    return np.sort(np.random.default_rng((seed, place)).permutation(batch)[:samples]).astype(np.int64)


def robustness_of(name: str, options: RobustnessOptions, outcomes: list[Outcome]) -> Robustness:
    """Returns the outcomes with what those of each kind and level come to."""
    return Robustness(
        circuit=name,
        options=options,
        outcomes=tuple(outcomes),
        cells=tuple(cell_of(kind, level, outcomes) for kind, level in grid_of(options)),
    )


def _run(artifact: Artifact, tasks: tuple[_Task, ...], drawn: _Drawn, samples: int) -> list[Outcome]:
    """All trials of one seed on its chip."""
    outcomes: list[Outcome] = []
    for place, task in enumerate(tasks):
        trials = drawn_trials(drawn.seed, place, task.stimulus.batch, samples)
        host = {name: value[trials] for name, value in task.host.items()}
        seen = drawn.chip.run(task.stimulus.take(trials), trials.tolist(), host)
        whole = artifact.built.of_whole_units(seen)
        wrong, held = task.judge(restored(whole, artifact.circuit, artifact.staged), trials)
        for index, trial in enumerate(trials.tolist()):
            longest = float(task.longest_s[trial])
            memory = not np.isnan(longest)
            outcomes.append(
                Outcome(
                    kind=drawn.kind,
                    level=drawn.level,
                    seed=drawn.seed,
                    stimulus=task.stimulus.name,
                    trial=trial,
                    wrong=bool(wrong[index]),
                    held_s=float(held[index]) if memory else None,
                    longest_s=longest if memory else None,
                )
            )
    return outcomes


def _tasks(artifact: Artifact, chips: FaultyChips, options: RobustnessOptions) -> tuple[_Task, ...]:
    """The stimuli that can be judged, each with what the rate circuit does on it."""
    readouts = [*(r for r in artifact.circuit.readouts if r.kind == "winner"), *artifact.circuit.classifiers]
    if not readouts:
        what = "it has no readout that decides, so no trial can be right or wrong"
        raise InputError(
            Problem(
                "readout-missing",
                f"circuit {artifact.circuit.name}",
                what,
                "give its circuit a readout: kind: winner",
            )
        )
    if options.stimuli:
        chosen = [find_stimulus(artifact, name) for name in dict.fromkeys(options.stimuli)]
    else:
        window_s = readouts[0].window_s - 0.5 * artifact.staged.dt_s
        silent = [s for s in artifact.stimuli.calibration if (s.labels < 0).all() and s.duration_s > window_s]
        chosen = list({s.name: s for s in (*artifact.stimuli.test, *silent)}.values())
    seen = [restored(simulate_rate(artifact.staged, s), artifact.circuit, artifact.staged) for s in chosen]
    readout = readouts[0]
    level = _held_level(chosen, seen, readout)
    tasks = [_task(chips, stimulus, rate, readout, level) for stimulus, rate in zip(chosen, seen, strict=True)]
    judged = tuple(task for task in tasks if task is not None)
    if not judged:
        what = f"none of {', '.join(s.name for s in chosen) or 'its stimuli'} has a label or something to hold"
        cure = f"name others (--stimulus); the artifact holds: {', '.join(artifact.stimuli.by_name())}"
        raise InputError(Problem("stimuli-without-answer", str(artifact.directory), what, cure))
    return judged


def _drive_end_s(stimulus: Stimulus) -> Float:
    """(batch,) when the last drive of each trial ends; 0 where there is none, the whole duration where it stays."""
    driven = np.any([value.any(axis=2) for value in stimulus.values.values()], axis=0)
    ends = np.append(stimulus.edges_s[1:], stimulus.duration_s)
    return np.where(driven, ends, 0.0).max(axis=1)


def _memory_trials(stimulus: Stimulus, rate: Recording, readout: Readout | Classifier) -> NDArray[np.bool_]:
    """(batch,) whether the rate circuit holds the labelled unit to the end, after all drive has ended.

    What only fades is not held: in the second half of that time its activity falls by no more than `FADES`.
    """
    held = np.zeros(stimulus.batch, dtype=np.bool_)
    if isinstance(readout, Classifier):
        return held
    end_s, right = _drive_end_s(stimulus), decisions(rate, readout) == stimulus.labels
    last = _end(rate, readout.population, WINDOW_S)
    for trial in np.flatnonzero(right & (stimulus.labels >= 0) & (end_s < stimulus.duration_s - WINDOW_S)).tolist():
        middle = round(0.5 * float(end_s[trial] + stimulus.duration_s) / rate.tick_s)
        unit = int(stimulus.labels[trial])
        held[trial] = last[trial, unit] >= (1.0 - FADES) * rate.activity[readout.population][trial, middle, unit]
    return held


def _held_level(stimuli: list[Stimulus], rates: list[Recording], readout: Readout | Classifier) -> float | None:
    """The activity of an item that the rate circuit holds; None where it holds none."""
    levels: list[float] = []
    for stimulus, rate in zip(stimuli, rates, strict=True):
        trials = np.flatnonzero(_memory_trials(stimulus, rate, readout))
        if isinstance(readout, Readout) and trials.size:
            levels += _end(rate, readout.population, readout.window_s)[trials, stimulus.labels[trials]].tolist()
    return float(np.mean(levels)) if levels else None


def _end(recording: Recording, population: str, window_s: float) -> Float:
    """(batch, units) mean activity at the end."""
    window = max(round(window_s / recording.tick_s), 1)
    return recording.activity[population][:, -window:].mean(axis=1, dtype=np.float64)


def _task(
    chips: FaultyChips, stimulus: Stimulus, rate: Recording, readout: Readout | Classifier, level: float | None
) -> _Task | None:
    """How a stimulus is judged, or None where nothing is right or wrong in any of its trials."""
    memory = _memory_trials(stimulus, rate, readout)
    if level is None or isinstance(readout, Classifier):
        keep = np.flatnonzero(stimulus.labels >= 0)
    else:
        quiet = _end(rate, readout.population, WINDOW_S).max(axis=1) < HELD_SHARE * level
        keep = np.flatnonzero((stimulus.labels >= 0) | quiet)
    if not keep.size:
        return None
    stimulus, memory = stimulus.take(keep), memory[keep]
    end_s = _drive_end_s(stimulus)

    def judge(seen: Recording, trials: Int) -> tuple[NDArray[np.bool_], Float]:
        labels, held = stimulus.labels[trials], np.full(trials.size, np.nan)
        wrong = decisions(seen, readout) != labels
        if level is None or isinstance(readout, Classifier):
            return wrong, held
        limit = HELD_SHARE * level
        up = _end(seen, readout.population, WINDOW_S) >= limit
        for index, trial in enumerate(trials.tolist()):
            if memory[trial]:
                after = seen.activity[readout.population][index, round(float(end_s[trial]) / seen.tick_s) :]
                held[index] = held_s(after, int(labels[index]), limit, seen.tick_s)
                wrong[index] = not up[index, labels[index]] or up[index].sum() > 1
            elif labels[index] < 0:
                wrong[index] = up[index].any()
        return wrong, held

    return _Task(
        stimulus=stimulus,
        host=chips.host(stimulus),
        longest_s=np.where(memory, np.round(stimulus.duration_s - end_s, TIME_DIGITS), np.nan),
        judge=judge,
    )


def held_s(activity: NDArray[np.float32], item: int, limit: float, tick_s: float) -> float:
    """Measures how long `item` stays at or above `limit` and all others below; `activity` is (ticks, units)."""
    up = activity >= limit
    lost = ~up[:, item] | (up.sum(axis=1) > up[:, item])
    return round((int(np.argmax(lost)) if lost.any() else len(lost)) * tick_s, TIME_DIGITS)


def cell_of(kind: str, level: float, outcomes: list[Outcome]) -> Cell:
    """Returns what the outcomes of one kind of fault at one level come to."""
    own = [outcome for outcome in outcomes if (outcome.kind, outcome.level) == (kind, level)]
    by_seed = [[o for o in own if o.seed == seed] for seed in sorted({o.seed for o in own})]
    longest = max((o.longest_s for o in own if o.longest_s is not None), default=None)
    held = [[o.held_s for o in part if o.longest_s == longest and o.held_s is not None] for part in by_seed]
    names = dict.fromkeys(o.stimulus for o in own)
    return Cell(
        kind=kind,
        level=level,
        seeds=len(by_seed),
        trials=len(own),
        error=share(
            np.array([float(sum(o.wrong for o in part)) for part in by_seed]),
            np.array([float(len(part)) for part in by_seed]),
        ),
        held_s=mean(np.array([float(np.mean(part)) for part in held if part])) if longest is not None else None,
        longest_s=longest,
        error_of={name: float(np.mean([o.wrong for o in own if o.stimulus == name])) for name in names},
    )
