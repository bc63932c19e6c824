"""Turns a canonical microcircuit hierarchy into a RateCircuit: four populations a region, second-order kernels.

The torch module steps p' = (u - p) / T, v' = (p - v) / T with r = phi(R v + b); so v is u through the critically
damped kernel of time constant T, which is how a RateCircuit says it. An Euler step of dt has the pole 1 - dt/T: the
kernel here has the time constant whose exact pole that is, and both trajectories are the same numbers. Of a circuit
that was trained with another solver T stays T, and it is marked as continuous.

Centring, S = r - 1/2, is a bias of -1/2 sum W, with filters that start as if r had been 1/2 for ever: u is then 0
before the first step, as in the module. tanh(z) is 2 / (1 + exp(-2z)) - 1, a sigmoid of height 2 centred by 1.
"""

from math import inf, log1p
from typing import NamedTuple

import numpy as np
from torch import nn

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcValues
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.wiring import BACKWARD_II, BACKWARD_SP, FORWARD, GAINS, POPULATIONS, SS, Coupling
from neurocmc.common.arrays import Float
from neurocmc.common.matrices import any_entry
from neurocmc.ir.rate import (
    Classifier,
    HostLayer,
    RateCircuit,
    RateInput,
    RatePopulation,
    RateProjection,
    TransferKind,
)

DRIVE = "drive"


def population_name(region: int, population: int) -> str:
    """Returns the name of a population: `V1.ss` is population 0 of region 0."""
    return f"V{region + 1}.{POPULATIONS[population]}"


def centre_of(activation: str) -> float:
    """Returns what is subtracted from the activity of a RateCircuit's population to give the S of the equations."""
    return {"sigmoid": 0.5, "tanh": 1.0}.get(activation, 0.0)


def cmc_circuit(
    circuit: CmcHierarchy, readout: nn.Linear, recipe: CmcRecipe, sha256: str, on_host: tuple[str, ...]
) -> RateCircuit:
    """Returns the circuit of a trained model of the cmc family, its linear readout as a host's classifier."""
    labels = tuple(str(label) for label in range(recipe.readout.classes))
    answer = linear_classifier(readout, circuit, labels, recipe.readout.window_ticks * circuit.dt_s)
    name = f"cmc-{circuit.regions}-{recipe.task.partition(':')[0]}"
    return hierarchy_circuit(circuit, name, sha256, on_host, (answer,))


def hierarchy_circuit(
    circuit: CmcHierarchy, name: str, sha256: str, on_host: tuple[str, ...], classifiers: tuple[Classifier, ...]
) -> RateCircuit:
    """Returns the circuit of a hierarchy of any size, with what reads it."""
    values = circuit.values()
    present = _present(circuit)
    projections = _projections(values, circuit, present)
    centre = centre_of(circuit.activation)
    centring = {name: np.zeros(circuit.columns) for name in (population_name(*place) for place in present)}
    for projection in projections:
        centring[projection.target] = centring[projection.target] - centre * projection.weight.sum(axis=1)
    return RateCircuit(
        name=name,
        dt_s=circuit.dt_s,
        populations=tuple(
            _population(values, circuit, place, centring[population_name(*place)]) for place in present
        ),
        projections=projections,
        inputs=_inputs(values, circuit),
        readouts=(),
        classifiers=classifiers,
        continuous=circuit.solver != "euler",
        origin_sha256=sha256,
        on_host=on_host,
    )


def _tau_s(values: CmcValues, circuit: CmcHierarchy, region: int, population: int) -> float:
    """Time constant of the kernel in s; of a circuit stepped by Euler, that whose exact pole is Euler's."""
    time_s = float(values.time_constants_s[region, population])
    return -circuit.dt_s / log1p(-circuit.dt_s / time_s) if circuit.solver == "euler" else time_s


class _Transfer(NamedTuple):
    """An activation of the module as the transfer of a rate population."""

    kind: TransferKind
    saturation: float
    steepness: float  # slope of the transfer's own argument per unit of R v + b


def _transfer(activation: str) -> _Transfer:
    match activation:
        case "sigmoid":
            return _Transfer("sigmoid", 1.0, 1.0)
        case "tanh":
            return _Transfer("sigmoid", 2.0, 2.0)
        case "relu":
            return _Transfer("relu", inf, 1.0)
        case _:
            return _Transfer("softplus", inf, 1.0)


def _population(values: CmcValues, circuit: CmcHierarchy, place: tuple[int, int], centring: Float) -> RatePopulation:
    transfer = _transfer(circuit.activation)
    slope = float(values.slopes[place])
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a circuit with a slope of 0 is refused
        offset = -values.biases[place].double().numpy() / slope
    return RatePopulation(
        name=population_name(*place),
        size=circuit.columns,
        transfer=transfer.kind,
        gain=np.full(circuit.columns, transfer.steepness * slope),
        offset=offset,
        bias=centring,
        saturation=transfer.saturation,
        trace_tau_s=0.0,
        initial=np.full(circuit.columns, centre_of(circuit.activation)),
    )


def _projections(
    values: CmcValues, circuit: CmcHierarchy, present: list[tuple[int, int]]
) -> tuple[RateProjection, ...]:
    """The gains inside every region, one to one, then the couplings between regions."""
    made: list[RateProjection] = []
    for region in range(circuit.regions):
        for gain in GAINS:
            strength = gain.sign * values.gains[region, gain.index].double().numpy()
            made.append(_projection(values, circuit, (region, gain.source), (region, gain.target), np.diag(strength)))
    couplings: tuple[tuple[Coupling, Float], ...] = tuple(
        (coupling, strength.double().numpy())
        for coupling, strength in (
            (FORWARD, values.forward),
            (BACKWARD_SP, values.backward_sp),
            (BACKWARD_II, values.backward_ii),
        )
    )
    for pair in range(circuit.regions - 1):
        for coupling, strength in couplings:
            low, high = pair, pair + 1
            sending, receiving = (low, high) if coupling.upward else (high, low)
            source, target = (sending, coupling.source), (receiving, coupling.target)
            made.append(_projection(values, circuit, source, target, strength[pair]))
    names = {population_name(*place) for place in present}
    return tuple(p for p in made if any_entry(p.weight) and p.source in names and p.target in names)


def _projection(
    values: CmcValues, circuit: CmcHierarchy, source: tuple[int, int], target: tuple[int, int], weight: Float
) -> RateProjection:
    names = population_name(*source), population_name(*target)
    return RateProjection(
        name=f"{names[0]}->{names[1]}",
        source=names[0],
        target=names[1],
        weight=weight,
        tau_s=_tau_s(values, circuit, *target),
        order=2,
    )


def _inputs(values: CmcValues, circuit: CmcHierarchy) -> tuple[RateInput, ...]:
    """The drive of the first region's ss; none where that is ablated."""
    if not values.present[SS]:
        return ()
    weight, tau_s = np.eye(circuit.columns), _tau_s(values, circuit, 0, SS)
    return (RateInput(name=DRIVE, target=population_name(0, SS), weight=weight, tau_s=tau_s, order=2),)


def _present(circuit: CmcHierarchy) -> list[tuple[int, int]]:
    """Region and population of all that is not ablated."""
    return [
        (region, population)
        for region in range(circuit.regions)
        for population in range(len(POPULATIONS))
        if bool(circuit.present[population] > 0)
    ]


def linear_classifier(
    readout: nn.Linear, circuit: CmcHierarchy, labels: tuple[str, ...], window_s: float
) -> Classifier:
    """The readout of the rates at the end; columns of an ablated population, whose rates are 0, are left out."""
    present = _present(circuit)
    shape = (-1, circuit.regions, len(POPULATIONS), circuit.columns)
    by_population = readout.weight.detach().double().numpy().reshape(shape)
    weight = np.concatenate([by_population[:, region, population] for region, population in present], axis=1)
    # Activities of a RateCircuit's tanh population are higher by its centre than the module's rates.
    raised = centre_of(circuit.activation) if circuit.activation == "tanh" else 0.0
    bias = readout.bias.detach().double().numpy() - raised * weight.sum(axis=1)
    return Classifier(
        name="class",
        populations=tuple(population_name(*place) for place in present),
        layers=(HostLayer(weight=weight, bias=bias, rectify=False),),
        labels=labels,
        window_s=window_s,
    )
