"""Loads a trained model of the cmc family: its circuit, its images as stimuli, its trajectories to compare with.

Retina, gaze and readout stay on the host: the eye turns an image into glimpses, and each glimpse into a drive of the
first region. The circuit goes to the chip.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.wiring import POPULATIONS
from neurocmc.circuits.images import Images, ImageSplit, load_task
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.frontends.checkpoint_file import CheckpointFile
from neurocmc.frontends.cmc_circuit import DRIVE, cmc_circuit, population_name
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

CALIBRATION = "images-calibration"
TEST = "images-test"
_TRIALS_AT_ONCE = 250  # keeps the trajectories of a thousand images from being held twice


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: images are read once, when they are first asked for
class LoadedCmc:
    """A checked checkpoint of the cmc family: the circuit for the chip, and what the host keeps of the model."""

    circuit: RateCircuit
    recipe: CmcRecipe
    seed: int
    metrics: Mapping[str, float]  # as measured at the end of training
    parameters: Mapping[str, int]  # part of the model -> how many numbers it holds
    model: CmcModel

    @cached_property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """The drive of 256 training images (`images-calibration`) and of the test images (`images-test`).

        Raises InputError where the images of the task are not to be had.
        """
        split = self._split
        return MappingProxyType(
            {CALIBRATION: self.stimulus(CALIBRATION, split.calibration()), TEST: self.stimulus(TEST, split.test)}
        )

    def test_images(self) -> NDArray[np.float32]:
        """Returns (trials, channels, height, width) what the trials of the stimulus `images-test` show, in [0, 1]."""
        return self._split.test.planes

    @cached_property
    def _split(self) -> ImageSplit:
        return load_task(self.recipe.task, self.recipe.images)

    def stimulus(self, name: str, images: Images) -> Stimulus:
        """Returns images as the drive over time that their glimpses are.

        One step longer than the presentation: the module looks at rates after a step, a circuit before it.
        """
        hold, dt_s = self.recipe.gaze.hold_ticks, self.circuit.dt_s
        with torch.no_grad():
            parts = torch.tensor(images.planes).split(_TRIALS_AT_ONCE)
            drives = torch.cat([self.model.drives(part) for part in parts]).double().numpy()
        glimpses = drives.shape[1]
        return Stimulus(
            name=name,
            duration_s=(hold * glimpses + 1) * dt_s,
            edges_s=np.arange(glimpses) * hold * dt_s,
            values={DRIVE: drives} if self.circuit.inputs else {},
            labels=images.labels,
        )

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Runs the model in torch under `stimulus`: rates {population: (batch, steps, columns)} in float64.

        Weights are those of the float32 model, sums are carried in float64. Index t is the rate at the beginning of
        step t. Raises InputError where the stimulus does not fit the circuit.
        """
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        return cmc_trajectories(self.model.circuit, self.circuit, stimulus)


def cmc_trajectories(module: CmcHierarchy, into: RateCircuit, stimulus: Stimulus) -> dict[str, Float]:
    """Runs a hierarchy in torch, sums in float64: rates of the populations of the circuit that it was turned `into`.

    Index t of (batch, steps, columns) is the rate at the beginning of step t, under a stimulus that fits.
    """
    circuit = deepcopy(module).double()
    circuit.pools = None
    driven = stimulus.on_ticks(circuit.dt_s)
    segment = driven.segment_of_tick[:-1]
    # Where no population takes the drive in, there is none.
    none = np.zeros((stimulus.batch, len(driven.edges_s), circuit.columns))
    drive = driven.values[DRIVE] if into.inputs else none
    shape = (stimulus.batch, len(segment) + 1, circuit.regions, len(POPULATIONS), circuit.columns)
    rates = np.empty(shape)
    with torch.no_grad():
        at_rest = circuit.rate(torch.zeros(circuit.units, dtype=torch.float64))
        rates[:, 0] = at_rest.numpy().reshape(shape[2:])
        for first in range(0, stimulus.batch, _TRIALS_AT_ONCE):
            part = slice(first, first + _TRIALS_AT_ONCE)
            rates[part, 1:] = circuit(torch.tensor(drive[part][:, segment])).rate.numpy()
    raised = 1.0 if circuit.activation == "tanh" else 0.0
    named = {
        population_name(region, population): rates[:, :, region, population] + raised
        for region in range(circuit.regions)
        for population in range(len(POPULATIONS))
    }
    return {population.name: named[population.name] for population in into.populations}


def load_cmc(file: CheckpointFile, recipe: CmcRecipe, model: CmcModel) -> LoadedCmc:
    """Returns a checked file as a circuit and what belongs to it.

    Raises InputError where its numbers give no circuit, and for a baseline that has no dynamics to compile.
    """
    if recipe.circuit.variant == "ode-off":
        what = "variant ode-off is a baseline without dynamics: there is no circuit to compile"
        raise InputError(Problem("circuit-without-dynamics", str(file.path), what, "compile a variant with an ODE"))
    parameters = {
        "circuit": model.circuit.live_parameters(),
        "retina": parameter_count(model.retina),
        "gaze": parameter_count(model.gaze),
        "readout": parameter_count(model.readout),
    }
    circuit = cmc_circuit(model.circuit, model.readout, recipe, file.sha256, _on_host(recipe, parameters))
    raise_input_problems(circuit.problems())
    return LoadedCmc(
        circuit=circuit,
        recipe=recipe,
        seed=file.seed,
        metrics=MappingProxyType(dict(file.metrics)),
        parameters=MappingProxyType(parameters),
        model=model,
    )


def _on_host(recipe: CmcRecipe, parameters: Mapping[str, int]) -> tuple[str, ...]:
    gaze, readout = recipe.gaze, recipe.readout
    return (
        f"retina: image -> {recipe.retina.mixed} maps of {recipe.retina.grid}x{recipe.retina.grid}, "
        f"{parameters['retina']:,} parameters (convolutions of pixels, not spikes)",
        f"gaze: {gaze.glimpses} glimpses ({gaze.path}) -> drive of V1, {parameters['gaze']:,} parameters",
        f"readout: mean rates of the last {readout.window_ticks} steps -> {readout.classes} classes, "
        f"{parameters['readout']:,} parameters",
    )
