"""Compiles one circuit in one way, and measures what it takes and what it keeps on its test stimuli.

Nothing is written: the levels stay in memory, and what leaves is a row of numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.progress import Progress, part_of
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.campaign.inputs import check_unaltered, circuit_sha256, target_sha256
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.compile import Search, check_stimuli, choose
from neurocmc.pipeline.model import Model, StimulusSet, load
from neurocmc.pipeline.sweep.plan import options_of
from neurocmc.report.budget import Budget
from neurocmc.targets import load_target
from neurocmc.verification.edges import Edge, gain_edge, misses
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.metrics import accuracy, agreement, decisions

# How families call what is counted here; what a family does not count stays empty.
SYNAPSES = ("synapses", "crossbar_bits")
MEMORY = ("synapse_bits", "crossbar_bits")
HELD = 2  # circuits whose stimuli a process holds: consecutive runs are of one


def measured(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Compiles and measures a run; returns its row without the factors. Raises as `compile_model` does."""
    options = options_of(what)
    model, stimuli = _circuit(where["circuit"], what["images"], what["circuit_sha256"])
    target = load_target(where["target"])
    check_unaltered(where["target"], target_sha256(target), what["target_sha256"])
    choice = choose(model, stimuli, target, options, Search(Place(), Path(), part_of(progress, 0.0, 0.5)))
    built = choice.lowered.built
    progress("run", 0.5)
    given = stimuli.test or stimuli.calibration
    trials = [_drawn(stimulus, what["seed"], place, what["samples"]) for place, stimulus in enumerate(given)]
    seen = [built.run(stimulus, seed=what["seed"], record_spikes=not index) for index, stimulus in enumerate(trials)]
    pairs = [built.beside_rate(stimulus, recording) for stimulus, recording in zip(trials, seen, strict=True)]
    edges = [
        gain_edge(built.spiking, built.matched, built.kept),
        *built.lost_edges(),
        *fidelity_edges(built.edge_to_rate, pairs, built.readouts, gates=built.gates, network=built.spiking),
    ]
    return {
        "steps": choice.options.steps or "equal",
        "planes": choice.options.planes or 1,
        "units": built.staged.units,
        **_taken(built, built.budget(trials[0], seen[0])),
        **_errors(edges, built.edge_to_rate),
        **_decided(built, pairs),
        "missed": "; ".join(edge.key for edge in misses(edges)),
    }


@lru_cache(maxsize=HELD)
def _circuit(place: str, images: str | None, sha256: str) -> tuple[Model, StimulusSet]:
    """A circuit with its stimuli, read once for all runs that a process has of it: encoders take seconds."""
    model = load(place, images if place.endswith((".pt", ".pth")) else None)
    check_unaltered(place, circuit_sha256(model), sha256)
    stimuli = model.read_stimuli()
    check_stimuli(model, stimuli)
    return model, stimuli


def _drawn(stimulus: Stimulus, seed: int, place: int, samples: int | None) -> Stimulus:
    """So many trials of the stimulus at a place of the list, drawn by the seed, in rising order."""
    if samples is None or samples >= stimulus.batch:
        return stimulus
    drawn = np.random.default_rng((seed, place)).permutation(stimulus.batch)[:samples]
    return stimulus.take(np.sort(drawn))


def _taken(built: Built, budget: Budget) -> dict[str, Any]:
    """What the circuit takes of the chip."""
    used = {row.resource: row.used for row in budget.in_all}
    spent = budget.energy
    return {
        "neurons_in_all": built.spiking.neurons,
        "cores": budget.cores_used,
        "cores_lower_bound": budget.cores_lower_bound,
        "synapses": _first(used, SYNAPSES),
        "memory_bits": _first(used, MEMORY),
        "energy_pj": None if spent is None else spent.dynamic_per_presentation_pj,
    }


def _first(used: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((used[name] for name in names if name in used), None)


def _errors(edges: Sequence[Edge], name: str) -> dict[str, Any]:
    rates = next(edge for edge in edges if edge.name == name and edge.quantity == "NRMSE of rates")
    worst = next((edge for edge in edges if edge.name == name and edge.quantity == "error of the worst unit"), None)
    return {
        "nrmse": _finite(rates.value),
        "worst_population": rates.worst,
        "worst_unit_error": None if worst is None else _finite(worst.value),
    }


def _decided(built: Built, pairs: Sequence[Pair]) -> dict[str, Any]:
    """How often the chip decides as the rate circuit does, and how often each is right, by the first readout."""
    readout = next((r for r in built.readouts if isinstance(r, Classifier) or r.kind == "winner"), None)
    if readout is None:
        return {"trials": sum(pair.labels.size for pair in pairs), "decisions_agree": None} | dict.fromkeys(
            ("accuracy", "rate_accuracy")
        )
    own, others, labels = (np.concatenate(column) for column in zip(*_columns(pairs, readout), strict=True))
    return {
        "trials": int(labels.size),
        "decisions_agree": agreement(own, others),
        "accuracy": accuracy(others, labels),
        "rate_accuracy": accuracy(own, labels),
    }


def _columns(pairs: Sequence[Pair], readout: Readout | Classifier) -> Iterator[tuple[Any, Any, Any]]:
    for pair in pairs:
        reference = pair.reference if pair.decided is None else pair.decided
        yield decisions(reference, readout), decisions(pair.other, readout), pair.labels


def _finite(value: float | None) -> float | None:
    """None for what is not a number, which no table of numbers holds; its budget is missed all the same."""
    return value if value is not None and isfinite(value) else None
