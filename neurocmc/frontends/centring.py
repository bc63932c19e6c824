"""Makes pools of units whose activity has either sign: s tanh(z) is sent as s tanh(z) + s = 2 s sigmoid(2 z).

What reads such a unit gets W s too much, which its bias takes away; a filter that starts from `initial` + s makes
that exact from the first step on. Recorded activities of these populations are s higher than in the equations.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import Classifier, RateCircuit, RatePopulation


def centred(circuit: RateCircuit, heights: Mapping[str, float]) -> RateCircuit:
    """Returns the circuit in which populations of `heights`, name to s, are s tanh instead of what they were."""
    if not heights:
        return circuit
    lifted = {population.name: np.zeros(population.size) for population in circuit.populations}
    for projection in circuit.projections:
        if projection.source in heights:
            lifted[projection.target] += projection.weight.sum(axis=1) * heights[projection.source]
    return replace(
        circuit,
        populations=tuple(
            _population(population, lifted[population.name], heights.get(population.name))
            for population in circuit.populations
        ),
        classifiers=tuple(_classifier(classifier, circuit, heights) for classifier in circuit.classifiers),
    )


def _population(population: RatePopulation, lifted: Float, height: float | None) -> RatePopulation:
    held = replace(population, bias=population.bias - lifted)
    if height is None:
        return held
    return replace(
        held,
        transfer="sigmoid",
        gain=2.0 * population.gain,
        saturation=2.0 * height,
        initial=population.initial + height,
    )


def _classifier(classifier: Classifier, circuit: RateCircuit, heights: Mapping[str, float]) -> Classifier:
    above = np.concatenate(
        [np.full(circuit.population(name).size, heights.get(name, 0.0)) for name in classifier.populations]
    )
    first = classifier.layers[0]
    if first.weight.shape[1] != above.size:  # a fault that is told already
        return classifier
    lowered = replace(first, bias=first.bias - first.weight @ above)
    return replace(classifier, layers=(lowered, *classifier.layers[1:]))
