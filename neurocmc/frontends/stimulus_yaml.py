"""Reads stimuli as a hand-written circuit states them: steps in time, several trials, seeded noise."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, ConfigDict, Field

from neurocmc.common.arrays import Float
from neurocmc.common.names import nearest_name
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.ir.stimulus import Stimulus, duration_fault, name_clashes, name_fault

MAX_VALUES = 50_000_000  # of one stimulus: 400 MB

Fault = tuple[str, FieldPath, str, str]  # id, path in the file, what is wrong, cure


def _named(name: str) -> str:
    if fault := name_fault(name):
        raise ValueError(fault)
    return name


StimulusName = Annotated[str, AfterValidator(_named)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]
Drive = Number | Annotated[tuple[Number, ...], Field(min_length=1)]


class StepField(StrictModel):
    """From `at_s` on, each input named here has this value: a number for all its channels, or a list.

    An input keeps its value until a later step names it again; before the first it is 0.
    """

    model_config = ConfigDict(extra="allow")
    # pydantic's own way of typing the fields that have names of the user's choice
    __pydantic_extra__: dict[str, Drive] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]

    at_s: NonNegative

    @property
    def drives(self) -> Mapping[str, Drive]:
        return self.__pydantic_extra__


class TrialField(StrictModel):
    """One trial; `label` is the unit that is the right answer."""

    steps: tuple[StepField, ...] = ()
    label: Annotated[int, Field(ge=0)] | None = None


class NoiseField(StrictModel):
    """Gaussian noise on inputs, drawn anew every `redraw_ms` from `from_s` until `until_s`, in `seeds` trials."""

    std: Annotated[dict[str, NonNegative], Field(min_length=1)]
    redraw_ms: Positive
    seeds: Annotated[int, Field(ge=1, le=10_000)]
    seed: Annotated[int, Field(ge=0)] = 0
    from_s: NonNegative = 0.0
    until_s: Positive | None = None


class StimulusField(StrictModel):
    """A stimulus: `steps` for one trial, or `trials` for several; with `noise` each of them `seeds` times."""

    duration_s: Positive
    steps: tuple[StepField, ...] | None = None
    label: Annotated[int, Field(ge=0)] | None = None
    trials: Annotated[tuple[TrialField, ...], Field(min_length=1)] | None = None
    noise: NoiseField | None = None
    use: Literal["calibration", "test", "both"] = "both"


def read_stimuli(
    entries: Mapping[str, StimulusField], channels: Mapping[str, int], dt_s: float, faults: list[Fault]
) -> tuple[Stimulus, ...]:
    """Returns the stimuli of a circuit of step `dt_s` and inputs of that many channels.

    What is wrong is added to `faults`, and then nothing returned.
    """
    before = len(faults)
    faults.extend(
        ("stimulus-name", ("stimuli", name), what, "give another name") for name, what in name_clashes(entries)
    )
    for name, entry in entries.items():
        if fault := duration_fault(entry.duration_s, dt_s):
            faults.append(("stimulus-duration", ("stimuli", name, "duration_s"), *fault))
        _check(name, entry, channels, faults)
    if len(faults) > before:
        return ()
    return tuple(_stimulus(name, entry, channels) for name, entry in entries.items())


def _trials(name: str, entry: StimulusField) -> list[tuple[FieldPath, TrialField]]:
    if entry.trials is not None:
        return [(("stimuli", name, "trials", index), trial) for index, trial in enumerate(entry.trials)]
    return [(("stimuli", name), TrialField(steps=entry.steps or (), label=entry.label))]


def _check(name: str, entry: StimulusField, channels: Mapping[str, int], faults: list[Fault]) -> None:
    place = ("stimuli", name)
    if entry.trials is not None and (entry.steps is not None or entry.label is not None):
        faults.append(
            (
                "field-inconsistent",
                place,
                "has both `trials` and `steps` or `label`",
                "put steps and label into the trials",
            )
        )
    for path, trial in _trials(name, entry):
        times = [step.at_s for step in trial.steps]
        for index, step in enumerate(trial.steps):
            where = (*path, "steps", index)
            if index and not times[index] > times[index - 1]:
                what = f"is not after the step before it, at {times[index - 1]:g} s (got {step.at_s:g})"
                faults.append(("times-disordered", (*where, "at_s"), what, "put the steps in order of time"))
            if not step.at_s < entry.duration_s:
                what = f"is not before the end at {entry.duration_s:g} s (got {step.at_s:g})"
                faults.append(
                    ("times-disordered", (*where, "at_s"), what, "make the stimulus longer or the step earlier")
                )
            for target, drive in step.drives.items():
                _check_drive((*where, target), target, drive, channels, faults)
    if entry.noise is not None:
        _check_noise((*place, "noise"), entry, entry.noise, channels, faults)
    _check_size(place, name, entry, channels, faults)


def _check_drive(
    path: FieldPath, target: str, drive: Drive, channels: Mapping[str, int], faults: list[Fault]
) -> None:
    if target not in channels:
        faults.append(("input-unknown", path, "there is no such input", nearest_name(target, channels)))
    elif isinstance(drive, tuple) and len(drive) != channels[target]:
        what = f"{len(drive)} values for {channels[target]} channels"
        faults.append(("stimulus-channels", path, what, "give one number for all channels, or one per channel"))


def _check_noise(
    path: FieldPath, entry: StimulusField, noise: NoiseField, channels: Mapping[str, int], faults: list[Fault]
) -> None:
    unknown = [target for target in noise.std if target not in channels]
    faults.extend(
        ("input-unknown", (*path, "std", name), "there is no such input", nearest_name(name, channels))
        for name in unknown
    )
    until_s = entry.duration_s if noise.until_s is None else noise.until_s
    if not noise.from_s < until_s <= entry.duration_s:
        what = f"noise from {noise.from_s:g} to {until_s:g} s in a stimulus of {entry.duration_s:g} s"
        faults.append(("times-disordered", path, what, "from_s < until_s <= duration_s is needed"))


def _check_size(
    place: FieldPath, name: str, entry: StimulusField, channels: Mapping[str, int], faults: list[Fault]
) -> None:
    trials = _trials(name, entry)
    noise = entry.noise
    edges = 1 + sum(len(trial.steps) for _, trial in trials)
    edges += 0 if noise is None else int(min(entry.duration_s / (noise.redraw_ms * 1e-3), MAX_VALUES)) + 2
    count = len(trials) * (1 if noise is None else noise.seeds) * edges * sum(channels.values())
    if count > MAX_VALUES:
        what = f"would hold up to {count:,} values, limit {MAX_VALUES:,}"
        faults.append(("stimulus-too-large", place, what, "use fewer trials or seeds, or draw the noise less often"))


def _stimulus(name: str, entry: StimulusField, channels: Mapping[str, int]) -> Stimulus:
    trials = [trial for _, trial in _trials(name, entry)]
    times = {0.0, *(step.at_s for trial in trials for step in trial.steps), *_noise_times(entry)}
    edges_s = np.array(sorted(times))
    values = {
        target: np.stack([_held(trial, target, count, edges_s) for trial in trials])
        for target, count in channels.items()
    }
    labels = np.array([-1 if trial.label is None else trial.label for trial in trials], dtype=np.int64)
    if entry.noise is not None:
        seeds = entry.noise.seeds
        labels = np.repeat(labels, seeds)
        values = {target: np.repeat(value, seeds, axis=0) for target, value in values.items()}
        _add_noise(entry, entry.noise, edges_s, values, trials=len(trials))
    return Stimulus(name=name, duration_s=entry.duration_s, edges_s=edges_s, values=values, labels=labels)


def _held(trial: TrialField, target: str, channels: int, edges_s: Float) -> Float:
    """(edges, channels) values of one input in one trial, each held from its step on."""
    value = np.zeros((len(edges_s), channels))
    for step in trial.steps:
        if target in step.drives:
            value[edges_s >= step.at_s] = step.drives[target]
    return value


def _noise_blocks(entry: StimulusField, noise: NoiseField) -> tuple[Float, float]:
    """The times at which noise is drawn anew, and the time at which it ends."""
    until_s = entry.duration_s if noise.until_s is None else noise.until_s
    redraw_s = noise.redraw_ms * 1e-3
    # The allowance keeps rounding error from making a last block of no length.
    count = int(np.ceil((until_s - noise.from_s) / redraw_s - 1e-9))
    return noise.from_s + np.arange(count, dtype=np.float64) * redraw_s, until_s


def _noise_times(entry: StimulusField) -> list[float]:
    if entry.noise is None:
        return []
    starts, until_s = _noise_blocks(entry, entry.noise)
    return [*starts.tolist(), *([until_s] if until_s < entry.duration_s else [])]


def _add_noise(
    entry: StimulusField, noise: NoiseField, edges_s: Float, values: dict[str, Float], trials: int
) -> None:
    """Add noise in place; every input, trial and seed has a random stream of its own."""
    starts, until_s = _noise_blocks(entry, noise)
    block = np.searchsorted(starts, edges_s, side="right") - 1
    on = (block >= 0) & (edges_s < until_s)
    for index, target in enumerate(sorted(noise.std)):
        channels = values[target].shape[2]
        for trial in range(trials):
            for seed in range(noise.seeds):
                stream = np.random.default_rng([noise.seed + seed, index, trial])
                sample = noise.std[target] * stream.standard_normal((len(starts), channels))
                values[target][trial * noise.seeds + seed, on] += sample[block[on]]
