"""Measures the circuit of a run: its flux, its flux over noise, and what is left of it on the chip."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.campaigns import Made
from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.common.errors import InputError, Problem
from neurocmc.literature.compiling import for_emulation
from neurocmc.literature.flux.information import Flux, flux_of, mean_flux, mean_of
from neurocmc.literature.flux.lesions import circuit_of
from neurocmc.literature.flux.network import LEVELS, START
from neurocmc.literature.flux.recipe import recipe_of

TRAPPED_BITS = 0.005  # below it a core is at rest, or as good as
RAISED_BITS = 0.005  # by so much noise must raise flux, and more noise must lower it again

Columns = dict[str, float | int | bool | str]


def flux(made: Made) -> Columns:
    """Returns the flux of the core by the network's own equations, as a mean over its trials.

    Columns: `flux` in bits less `shuffled`, `distinct` states a step, `moving` share of the units, `activity` in the
    mean, and `trial_spread`, the largest less the smallest flux of a trial.
    """
    activity = _rate(made)
    trials = [flux_of(trial, made.seed) for trial in activity]
    found, bits = mean_of(trials), [trial.bits for trial in trials]
    return {
        **_named(found, ""),
        "shuffled": found.shuffled_bits,
        "activity": float(activity.mean()),
        "trial_spread": max(bits) - min(bits),
    }


def late(made: Made, after_steps: int) -> Columns:
    """Returns the flux of the core after its trials have gone on for long: what had not settled has another.

    Args:
        made: The run.
        after_steps: So many steps from the end of a trial are left out before as many are measured as in it.

    Returns:
        Columns `late_flux` in bits less the shuffled, and `late_distinct` states a step.
    """
    recipe = recipe_of(made.recipe)
    circuit = circuit_of(recipe, made.seed)
    network, steps, noise = circuit.network, after_steps + recipe.run.steps, stream(made.seed, LEVELS, 2)
    model = made.model()
    assert model.reference is not None
    sent = model.reference(model.read_stimuli().test[0])
    ends = np.concatenate([sent[group][:, -1] for group in network.sizes], axis=1)
    trials: list[Float] = []
    for end in ends:
        own = circuit.noise_std * noise.standard_normal((steps, network.units)) if circuit.noise_std.any() else None
        trials.append(network.run(end, steps, own)[after_steps:, network.core])
    found = mean_flux(np.array(trials), made.seed)
    return {"late_flux": found.bits, "late_distinct": found.distinct}


def resonance(made: Made, noise_std: Sequence[float]) -> Columns:
    """Returns the flux of the core with more and more noise in the drive of each of its units.

    Args:
        made: The run.
        noise_std: Standard deviations, rising, in the units of the weights; the first should be 0.

    Returns:
        Columns `noise_0250` for a standard deviation of .250; `resonates`, whether flux rises and falls again, by
        .005 bits each, from the first level to a level between and from there to the last; `peak`, the largest flux,
        and `peak_noise`, where it is.

    Raises:
        InputError: For levels that do not rise, or are not whole thousandths.
    """
    levels = _checked(noise_std)
    recipe = recipe_of(made.recipe)
    circuit, run = circuit_of(recipe, made.seed), recipe.run
    network, steps = circuit.network, run.settle_steps + run.steps
    start = stream(made.seed, START).random(network.units)
    own = circuit.noise_std * stream(made.seed, LEVELS, 0).standard_normal((steps, network.units))
    added = np.zeros((steps, network.units))
    added[:, network.core] = stream(made.seed, LEVELS, 1).standard_normal((steps, network.core.stop))
    bits: list[float] = []
    for level in levels:
        activity = network.run(start, steps, own + level * added)
        bits.append(flux_of(activity[run.settle_steps :, network.core], made.seed).bits)
    highest = int(np.argmax(bits))
    rises, falls = bits[highest] - bits[0], bits[highest] - bits[-1]
    return {
        **{f"noise_{round(1000 * level):04d}": found for level, found in zip(levels, bits, strict=True)},
        "trapped": bits[0] < TRAPPED_BITS,
        "resonates": bool(rises >= RAISED_BITS and falls >= RAISED_BITS),
        "peak": bits[highest],
        "peak_noise": levels[highest],
    }


def on_chip(made: Made, variants: Sequence[str], neurons: Sequence[int], target: str = "loihi1") -> Columns:
    """Returns the flux of the core as decoded from the chip's emulator, which gets the same drives.

    Trajectories part, as those of any chaotic circuit do: what is compared is their statistics.

    Args:
        made: The run.
        variants: The variants that are compiled; of others there are no columns.
        neurons: Neurons a unit, one compilation for each.
        target: The chip.

    Returns:
        For each number of neurons, as 64: `chip_flux_64`, `chip_distinct_64`, `chip_moving_64`, `chip_error_64`,
        |chip flux / flux - 1|, and `chip_cores_64`.
    """
    if made.variant not in variants:
        return {}
    of_rate = mean_flux(_rate(made), made.seed)
    columns: Columns = {}
    for number in neurons:
        ran = _emulated(made, target, number)
        found = mean_flux(ran.activity, made.seed)
        columns |= _named(found, "chip_", f"_{number}")
        columns[f"chip_error_{number}"] = abs(found.bits / of_rate.bits - 1.0)
        columns[f"chip_cores_{number}"] = ran.cores
    return columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Emulated:
    activity: Float  # of the core, (trials, steps, units)
    cores: int


def _emulated(made: Made, target: str, neurons: int) -> _Emulated:
    """The run on the emulator; steps of pools are not searched for, since there are no decisions to keep."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = for_emulation(made.path, Path(folder) / "chip", target, neurons)
        recording: Any = neurocmc.simulate(artifact, on="emulator")
        activity = np.asarray(recording.activity["core"], dtype=np.float64)
        return _Emulated(activity=_settled(made, activity), cores=artifact.built.cores_used)


def _rate(made: Made) -> Float:
    """The activity of the core in the test trials, (trials, steps, units)."""
    model = made.model()
    assert model.reference is not None
    return _settled(made, model.reference(model.read_stimuli().test[0])["core"])


def _settled(made: Made, activity: Float) -> Float:
    run = recipe_of(made.recipe).run
    return activity[:, run.settle_steps : run.settle_steps + run.steps]


def _named(found: Flux, before: str, after: str = "") -> Columns:
    return {
        f"{before}flux{after}": found.bits,
        f"{before}distinct{after}": found.distinct,
        f"{before}moving{after}": found.moving,
    }


def _checked(noise_std: Sequence[float]) -> tuple[float, ...]:
    levels = tuple(float(level) for level in noise_std)
    rise = all(low < high for low, high in pairwise(levels))
    whole = all(0 <= level < 10 and abs(1000 * level - round(1000 * level)) < 1e-9 for level in levels)
    if len(levels) < 3 or not rise or not whole:
        what = f"levels {list(noise_std)} are not three or more that rise, in whole thousandths below 10"
        raise InputError(Problem("measure-options", "measure resonance", what, "give such as [0, 0.1, 0.4]"))
    return levels
