"""Takes the embedding away, and puts its mean, its fluctuation or both in its place."""

from dataclasses import dataclass, field

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.literature.flux.anatomy import drawn
from neurocmc.literature.flux.biases import biased
from neurocmc.literature.flux.network import START, Network
from neurocmc.literature.flux.recipe import FluxRecipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circuit:
    """A network, and the noise that drives its core."""

    network: Network
    noise_std: Float = field(repr=False)  # (units,)


def circuit_of(recipe: FluxRecipe, seed: int) -> Circuit:
    """Returns the circuit of a recipe and a seed: the same seed, the same core, whatever is lesioned."""
    whole = drawn(recipe, seed)
    core = _lesioned(recipe, whole, seed)
    start = stream(seed, START).random(whole.units)[: core.network.units]
    return Circuit(
        network=biased(core.network, recipe.biases, recipe.organise, start),
        noise_std=core.noise_std,
    )


def embedding_drive(network: Network, activity: Float) -> Float:
    """Returns what the core gets from all other units, (steps, core), for an activity (steps, units)."""
    core = network.core
    return activity[:, core.stop :] @ network.weight[core, core.stop :].T


def _lesioned(recipe: FluxRecipe, whole: Network, seed: int) -> Circuit:
    if recipe.lesion == "embedded":
        return Circuit(network=whole, noise_std=np.zeros(whole.units))
    core = whole.core
    bias, noise_std = np.zeros(core.stop), np.zeros(core.stop)
    if recipe.lesion != "isolated":
        run = recipe.run
        start = stream(seed, START).random(whole.units)
        activity = whole.run(start, run.settle_steps + run.steps)[run.settle_steps :]
        drive = embedding_drive(whole, activity)
        bias = bias if recipe.lesion == "matched-noise" else drive.mean(axis=0)
        noise_std = noise_std if recipe.lesion == "matched-bias" else drive.std(axis=0)
    alone = Network(sizes={"core": core.stop}, weight=whole.weight[core, core], gain=whole.gain[core], bias=bias)
    return Circuit(network=alone, noise_std=noise_std)
