"""Runs some trials of a compiled circuit on all its levels, for a page: activity, errors, spikes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from neurocmc.ir.rate import Classifier
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.built import Built
from neurocmc.report.pictures import Drawn
from neurocmc.report.traces import Traces, traces_of
from neurocmc.verification.fidelity import Pair

TRIALS = 32  # that errors over time and of units are measured on
SHOWN = 4  # populations of a raster


def traced(built: Built, pair: Pair, ran: Mapping[str, Recording]) -> Traces | None:
    """Puts trials on rate circuit and chip side by side, with levels between.

    Args:
        built: The circuit on a chip.
        pair: The trials on the rate circuit and on the chip, as `Built.beside_rate` gives them.
        ran: Further levels between the two, by name: recordings of pools on the same stimulus, these trials first.

    Returns:
        The traces, errors against the rate circuit.
    """
    trials = len(pair.labels)
    between = {level: built.of_whole_units(_first(recording, trials)) for level, recording in ran.items()}
    levels = {"rate": pair.reference, **between, built.level: pair.other}
    return traces_of(levels, pair.labels.tolist(), _answering(built))


def first_trials(built: Built, stimulus: Stimulus, seed: int = 0) -> Pair:
    """Runs the first `TRIALS` trials of a stimulus on rate circuit and chip; `seed` is of the chip's noise."""
    part = stimulus.take(slice(TRIALS))
    return built.beside_rate(part, built.run(part, seed=seed))


def rasters(built: Built, stimulus: Stimulus, seed: int = 0) -> Iterator[Drawn]:
    """Yields the picture of the spikes of the first trial on the lowest level, drawn when it is asked for."""
    names = list(dict.fromkeys([*_answering(built), *(p.name for p in built.staged.populations)]))[:SHOWN]

    def draw(path: Path) -> None:
        from neurocmc.report.figures.recorded import save_recording  # not above: matplotlib takes long to import

        one = built.run(stimulus.take(slice(1)), seed=seed, record_spikes=True)
        save_recording(built.of_whole_units(one), path, names)

    told = f"Activity and spikes of the first trial of {stimulus.name} on the {built.level}: {', '.join(names)}."
    yield Drawn(file="trial.png", section="activity", caption=told, draw=draw)


def _answering(built: Built) -> list[str]:
    """The populations that readouts look at."""
    return [
        name
        for readout in built.readouts
        for name in (readout.populations if isinstance(readout, Classifier) else (readout.population,))
    ]


def _first(recording: Recording, trials: int) -> Recording:
    """The same of the first trials, without spikes."""
    return replace(
        recording,
        activity={name: values[:trials] for name, values in recording.activity.items()},
        spike_counts={name: counts[:trials] for name, counts in recording.spike_counts.items()},
        spikes={},
    )
