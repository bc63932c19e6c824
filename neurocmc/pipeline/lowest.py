"""Run the lowest level that there is, of a compilation or of an artifact: emulator, cores, or Brian2."""

from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lower import Lowered
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.verification.fidelity import Pair
from neurocmc.verification.gates import CORE_GATES, GATES, Gates

Levels = Lowered | Artifact  # what has been lowered, in memory or on disk


def simulate_lowest(levels: Levels, stimulus: Stimulus, seed: int = 0) -> Recording:
    """The recording of all trials; `seed` is that of a chip's noise, where it has any."""
    if levels.cores is not None:
        return simulate_cores(levels.cores, stimulus, seed=seed)
    if levels.integer is not None:
        return simulate_emulator(levels.integer, stimulus)
    from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

    return simulate_brian2(levels.spiking, stimulus)


def edge_to_lowest(levels: Levels) -> str:
    """The edge from the rate circuit to that level."""
    return "rate ~ brian2" if levels.cores is None and levels.integer is None else "rate ~ emulator"


def gates_of(levels: Levels) -> Gates:
    """The limits that hold for it."""
    return GATES if levels.cores is None else CORE_GATES


def as_seen(levels: Levels) -> RateCircuit:
    """The staged circuit, observed through the filters that the spikes of its pools are observed through."""
    return seen_as(levels.staged, {p.name: p.trace for p in levels.spiking.populations})


def rate_pair(levels: Levels, stimulus: Stimulus, other: Recording) -> Pair:
    """A recording beside the staged circuit's own."""
    seen = as_seen(levels)
    reference = simulate_rate(seen, stimulus)
    decided = reference if seen is levels.staged else simulate_rate(levels.staged, stimulus)
    return Pair(reference=reference, other=other, labels=stimulus.labels, decided=decided)
