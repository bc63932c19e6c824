"""Loads a trained soft winner-take-all: its circuit, its digits as stimuli, its trajectories to compare with.

The encoder of the model stays on the host: it turns each image into evidence. The circuit goes to the chip and
is driven by that evidence.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from neurocmc.circuits.digits import CLASSES, Digits, load_digits
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.swta_values import PARAMETERS, SwtaValues
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, raise_input_problems
from neurocmc.frontends.checkpoint_file import CheckpointFile
from neurocmc.frontends.rectifiers import rectifiers
from neurocmc.ir.rate import Classifier, RateCircuit, RateInput, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

CALIBRATION = "digits-calibration"
TEST = "digits-test"
EXCITE = "excite"
INHIBIT = "inhibit"
EVIDENCE = "evidence"
_TRIALS_AT_ONCE = 250  # keeps the trajectories of a thousand digits from being held twice


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: `stimuli` is computed once, when it is first asked for
class LoadedSwta:
    """A checked checkpoint of the swta family: the circuit for the chip, and what the host keeps of the model."""

    circuit: RateCircuit
    task: str
    seed: int
    recipe: Mapping[str, Any]  # plain values, as trained
    metrics: Mapping[str, float]  # as measured at the end of training
    values: SwtaValues
    parameters: Mapping[str, int]  # part of the model -> how many numbers it holds
    model: DigitModel

    @cached_property
    def calibration(self) -> Stimulus:
        """The evidence of the training digits alone, for who does not judge."""
        return self._digits_stimulus(CALIBRATION, load_digits().calibration())

    @cached_property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """The evidence of 256 training digits (`digits-calibration`) and of the 1,000 test digits (`digits-test`).

        The encoder takes a while for them, so it runs when they are first asked for.
        """
        test = self._digits_stimulus(TEST, load_digits().test)
        return MappingProxyType({CALIBRATION: self.calibration, TEST: test})

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Returns torch's trajectories {population: (batch, ticks, units)} under `stimulus`, in float64, from rest.

        The comparison is of dynamics, so weights are those of the float32 model but sums are carried in float64:
        competition amplifies rounding. Raises InputError where the stimulus does not fit the circuit.
        """
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        return soft_wta_trajectories(self.model.circuit, stimulus)

    def _digits_stimulus(self, name: str, digits: Digits) -> Stimulus:
        with torch.no_grad():
            evidence = self.model.encoder(torch.tensor(digits.images)).double().numpy()
        recipe = self.recipe["presentation"]
        return Stimulus(
            name=name,
            duration_s=recipe["presentation_s"],
            edges_s=np.zeros(1),
            values={EVIDENCE: evidence[:, None, :]},
            labels=digits.labels,
        )


def load_swta(file: CheckpointFile, recipe: Recipe, model: DigitModel) -> LoadedSwta:
    """Loads a checked file as a circuit with what belongs to it. Raises InputError where it gives no circuit."""
    values = model.circuit.values()
    circuit = _circuit(recipe, values, file.sha256, parameter_count(model.encoder))
    if problems := circuit.problems():
        raise InputError(problems)
    return LoadedSwta(
        circuit=circuit,
        task=recipe.task,
        seed=file.seed,
        recipe=MappingProxyType(recipe.model_dump(mode="json")),
        metrics=MappingProxyType(dict(file.metrics)),
        values=values,
        parameters=MappingProxyType(
            {"circuit": parameter_count(model.circuit), "encoder": parameter_count(model.encoder)}
        ),
        model=model,
    )


def _circuit(recipe: Recipe, values: SwtaValues, sha256: str, encoder: int) -> RateCircuit:
    """The soft winner-take-all as two populations; the filter follows the rectifier, so evidence is unfiltered."""
    digit = Readout(
        name="digit",
        population=EXCITE,
        kind="winner",
        labels=tuple(str(label) for label in range(CLASSES)),
        window_s=recipe.presentation.window_s,
    )
    on_host = (f"encoder: image 28x28 -> evidence, {encoder:,} parameters",)
    return soft_wta_circuit(values, f"swta-{recipe.task}", sha256, on_host, readouts=(digit,))


def soft_wta_circuit(
    values: SwtaValues,
    name: str,
    sha256: str,
    on_host: tuple[str, ...],
    *,
    readouts: tuple[Readout, ...] = (),
    classifiers: tuple[Classifier, ...] = (),
) -> RateCircuit:
    """Returns the circuit of a soft winner-take-all of any size, with what reads it."""
    return RateCircuit(
        name=name,
        dt_s=values.dt_s,
        populations=(
            rectifiers(EXCITE, values.units, values.threshold, values.tau_s),
            rectifiers(INHIBIT, 1, values.threshold_inhibit, values.tau_s),
        ),
        projections=_projections(values),
        inputs=(RateInput(name=EVIDENCE, target=EXCITE, weight=np.eye(values.units)),),
        readouts=readouts,
        classifiers=classifiers,
        origin_sha256=sha256,
        on_host=on_host,
    )


def soft_wta_trajectories(module: SoftWinnerTakeAll, stimulus: Stimulus) -> dict[str, Float]:
    """Returns torch's trajectories {population: (batch, ticks, units)} under a stimulus that fits, in float64."""
    circuit = deepcopy(module).double()
    circuit.pools = None
    units = circuit.units
    driven = stimulus.on_ticks(circuit.dt_s)
    evidence, segment = driven.values[EVIDENCE], driven.segment_of_tick
    excite = np.empty((stimulus.batch, len(segment), units))
    inhibit = np.empty((stimulus.batch, len(segment), 1))
    with torch.no_grad():
        for first in range(0, stimulus.batch, _TRIALS_AT_ONCE):
            part = slice(first, first + _TRIALS_AT_ONCE)
            activity = circuit(torch.tensor(evidence[part][:, segment])).numpy()
            excite[part], inhibit[part] = activity[..., :units], activity[..., units:]
    return {EXCITE: excite, INHIBIT: inhibit}


def _projections(values: SwtaValues) -> tuple[RateProjection, ...]:
    """Recurrent excitation and both halves of the inhibitory loop; one whose weights are all 0 is left out."""
    units = values.units
    neighbours = np.eye(units, k=1) + np.eye(units, k=-1)
    strengths = {
        (EXCITE, EXCITE): values.alpha * np.eye(units) + values.alpha2 * neighbours,
        (EXCITE, INHIBIT): np.full((1, units), values.beta2),
        (INHIBIT, EXCITE): np.full((units, 1), -values.beta1),
    }
    return tuple(
        RateProjection(name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=values.tau_s)
        for (source, target), weight in strengths.items()
        if weight.any()
    )


def parameter_table(checkpoint: LoadedSwta) -> dict[str, float]:
    """Returns what `neurocmc inspect` prints of a circuit: its numbers and what theory derives from them."""
    return numbers_of(checkpoint.values)


def numbers_of(values: SwtaValues) -> dict[str, float]:
    """Returns the numbers of a soft winner-take-all, and what theory derives from them."""
    return {name: getattr(values, name) for name in PARAMETERS} | {
        "tau_s": values.tau_s,
        "dt_s": values.dt_s,
        "largest_excitation": values.largest_excitation,
        "stability_bound": values.stability_bound,
        "winner_gain": values.winner_gain,
    }
