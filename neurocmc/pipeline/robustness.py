"""Measures how long a compiled circuit holds an item, and how often it errs, on a chip with faults.

Each seed draws one faulty chip (`Built.faulty_chips`) and its trials; how these are judged stands in
`pipeline.robustness_judged`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.progress import DONE
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.faults import NO_FAULT, FaultyChip, asked_kinds
from neurocmc.pipeline.robustness_judged import JudgedTask, judged_tasks
from neurocmc.pipeline.staging import restored
from neurocmc.verification.intervals import Interval, mean, share

LEVELS = (0.02, 0.05, 0.1, 0.15, 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessOptions:
    """The measurements: kinds of faults, their levels (0 is measured in any case, once), seeds, trials a seed."""

    kinds: tuple[str, ...] | None = None  # None: all that chips of the target can have
    levels: tuple[float, ...] = LEVELS
    seeds: int = 20
    samples: int = 10  # of the trials of each stimulus, drawn anew by each seed
    stimuli: tuple[str, ...] = ()  # none: those for testing, and unlabelled ones, in which nothing should happen

    def problems(self) -> Iterable[Problem]:
        """Returns what cannot be measured."""
        for level in self.levels:
            if not 0.0 <= level <= 1.0:
                yield Problem(
                    "number-out-of-range", "--levels", f"level is {level:g}", "give shares of 0 to 1; 0.1 is 10 %"
                )
        for name, named in (("--kinds", self.kinds), ("--levels", self.levels)):
            if named is not None and not named:
                yield Problem("option-empty", name, "is empty", "give one or more, or leave it out")
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
    kinds: Mapping[str, str]  # those that were measured, each with what it is
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
    target: str
    kinds: Mapping[str, str]  # that chips of the target can have, each with what it is
    options: RobustnessOptions
    chip: Callable[[str, float, int], list[Outcome]]  # kind, level, seed -> all trials on that chip

    def fitting(self, options: RobustnessOptions) -> RobustnessOptions:
        """Returns options that name their kinds. Raises InputError where chips of the target cannot have one."""
        kinds, problems = asked_kinds(options.kinds, self.kinds, self.target)
        raise_input_problems(problems)
        return replace(options, kinds=kinds)

    def measured(self, progress: Callable[[str, float], None] | None = None) -> Robustness:
        """Returns what happens on all chips, one after the other. Raises InputError as `fitting` does."""
        options, outcomes = self.fitting(self.options), list[Outcome]()
        for kind, level, seed in draws(options, progress):
            outcomes += self.chip(kind, level, seed)
        if progress:
            progress(DONE, 1.0)
        return self.result(options, outcomes)

    def result(self, options: RobustnessOptions, outcomes: list[Outcome]) -> Robustness:
        """Returns the outcomes with what those of each kind and level come to; `options` name their kinds."""
        return Robustness(
            circuit=self.name,
            options=options,
            kinds={kind: self.kinds[kind] for kind in options.kinds or ()},
            outcomes=tuple(outcomes),
            cells=tuple(cell_of(kind, level, outcomes) for kind, level in grid_of(options)),
        )


def robustness(
    artifact: Artifact, options: RobustnessOptions | None = None, progress: Callable[[str, float], None] | None = None
) -> Robustness:
    """Runs a compiled circuit on faulty chips. Same artifact and options, same outcomes.

    Args:
        artifact: An artifact of a target whose family has a model of chips with faults.
        options: Kinds of faults, their levels, seeds, trials and stimuli; None is the defaults.
        progress: Called with the fault and the share of the whole that is done, 0 to 1.

    Returns:
        The outcome of every trial, and for each fault and level the share that went wrong and the time in s that
        items were held.

    Raises:
        InputError: Where the target has no such model or cannot have a kind of fault, an option is out of range or no
            trial of the stimuli can be judged.
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
    tasks = judged_tasks(artifact, chips, options.stimuli)

    def chip(kind: str, level: float, seed: int) -> list[Outcome]:
        drawn = _Drawn(chip=chips.draw(seed, kind, level), kind=kind, level=level, seed=seed)
        return _run(artifact, tasks, drawn, options.samples)

    return Bench(
        name=artifact.circuit.name, target=artifact.target.name, kinds=chips.kinds, options=options, chip=chip
    )


def grid_of(options: RobustnessOptions) -> list[tuple[str, float]]:
    """Returns no fault, then each kind that the options name, at each level."""
    levels = sorted(set(options.levels) - {0.0})
    return [(NO_FAULT, 0.0), *((kind, level) for kind in dict.fromkeys(options.kinds or ()) for level in levels)]


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


def _run(artifact: Artifact, tasks: tuple[JudgedTask, ...], drawn: _Drawn, samples: int) -> list[Outcome]:
    """All trials of one seed on its chip."""
    outcomes: list[Outcome] = []
    for place, task in enumerate(tasks):
        trials = drawn_trials(drawn.seed, place, task.stimulus.batch, samples)
        seen = drawn.chip.run(task.stimulus, trials, task.host)
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
