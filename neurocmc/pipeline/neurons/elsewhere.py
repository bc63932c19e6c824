"""Says of a network of single neurons that is too large which population is largest, and which target holds it."""

from collections.abc import Callable
from dataclasses import replace

from neurocmc.common.errors import InfeasibleError
from neurocmc.pipeline.neurons.model import NeuronModel
from neurocmc.pipeline.search.largest import MOST_NEURONS, SIZES, is_of_size, other_targets
from neurocmc.targets import Target


def with_what_holds(
    refusal: InfeasibleError,
    model: NeuronModel,
    target: Target,
    compiles: Callable[[Target], bool],
) -> InfeasibleError:
    """Returns the refusal of a compilation; if it is for size, with the largest population and a target that fits.

    Args:
        refusal: What the compilation raised.
        model: The network.
        target: The target that refused it.
        compiles: Whether another target holds the network.
    """
    if not is_of_size(refusal):
        return refusal
    cure = f"{_held(target, compiles, sum(model.sizes.values()))} a smaller network; {_largest(model)}"
    return InfeasibleError(
        replace(problem, cure=cure) if problem.id in SIZES else problem for problem in refusal.problems
    )


def _held(target: Target, compiles: Callable[[Target], bool], neurons: int) -> str:
    """Which target holds the network; of one that is too large to be compiled for an answer, nothing is said."""
    if neurons > MOST_NEURONS:
        return "use a larger chip, or"
    holder = next((other.name for other in other_targets(target) if compiles(other)), None)
    return f"use --target {holder}, or" if holder else "no known target holds it: use"


def _largest(model: NeuronModel) -> str:
    sizes = model.sizes
    name = max(sizes, key=lambda each: sizes[each])
    return f"its largest population is {name}, {sizes[name]:,} of {sum(sizes.values()):,} neurons"
