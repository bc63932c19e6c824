"""Measures how often a compiled network of neurons errs on a chip with faults.

Each seed draws one faulty chip and its trials. A trial is wrong where the decision of the first readout is not its
label; where it has none, where it is not the decision of the network in real numbers.
"""

from collections.abc import Callable

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.neurons.simulate import find_events
from neurocmc.pipeline.robustness import Bench, Outcome, Robustness, RobustnessOptions, drawn_trials
from neurocmc.sim.neurons import decisions, simulate_neurons


def neuron_robustness(
    artifact: NeuronArtifact,
    options: RobustnessOptions | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Robustness:
    """Runs a compiled network on faulty chips. Same artifact and options, same outcomes.

    Args:
        artifact: An artifact of a target whose family has a model of chips with faults.
        options: Kinds of faults, their levels, seeds, trials and stimuli; None is the defaults.
        progress: Called with the fault and the share of the whole that is done, 0 to 1.

    Returns:
        The outcome of every trial, and for each fault and level the share that went wrong.

    Raises:
        InputError: Where the target has no such model or cannot have a kind of fault, an option is out of range, or
            the network has no readout.
        InfeasibleError: Where faults drive a current out of its register.
    """
    return neuron_bench(artifact, options or RobustnessOptions()).measured(progress)


def neuron_bench(artifact: NeuronArtifact, options: RobustnessOptions) -> Bench:
    """Returns a compiled network ready to be measured. Raises InputError as `neuron_robustness` does."""
    raise_input_problems(options.problems())
    given = artifact.given
    if given is None or not (given.readouts or given.host_readouts):
        what = "it has no readout that decides, so no trial can be correct or wrong"
        cure = "bring it in real numbers, with an Output"
        raise InputError(Problem("readout-missing", f"network {artifact.built.name}", what, cure))
    named = options.stimuli or (artifact.test.name,)
    chips = artifact.built.faulty_chips()
    stimuli = [find_events(artifact, name) for name in dict.fromkeys(named)]
    answers = [_answers(artifact, stimulus) for stimulus in stimuli]

    def chip(kind: str, level: float, seed: int) -> list[Outcome]:
        drawn = chips.draw(seed, kind, level)
        outcomes: list[Outcome] = []
        for place, (stimulus, wanted) in enumerate(zip(stimuli, answers, strict=True)):
            trials = drawn_trials(seed, place, stimulus.batch, options.samples)
            decided = _first(decisions(given, drawn(stimulus.take(trials), trials.tolist())))
            outcomes += [
                Outcome(
                    kind=kind,
                    level=level,
                    seed=seed,
                    stimulus=stimulus.name,
                    trial=trial,
                    wrong=bool(decided[at] != wanted[trial]),
                    held_s=None,
                    longest_s=None,
                )
                for at, trial in enumerate(trials.tolist())
            ]
        return outcomes

    return Bench(name=artifact.built.name, target=artifact.target.name, kinds=chips.kinds, options=options, chip=chip)


def _answers(artifact: NeuronArtifact, stimulus: EventStimulus) -> Int:
    """(trials,) labels, and where there is none what the network in real numbers decides."""
    if (stimulus.labels >= 0).all() or artifact.given is None:
        return stimulus.labels
    decided = _first(decisions(artifact.given, simulate_neurons(artifact.given, stimulus)))
    return np.where(stimulus.labels >= 0, stimulus.labels, decided)


def _first(decided: dict[str, Int]) -> Int:
    return next(iter(decided.values()))
