"""Says of a network of single neurons that is too large which population is largest, and which target holds it."""

from collections.abc import Callable
from dataclasses import replace

from neurocmc.common.errors import InfeasibleError
from neurocmc.pipeline.neurons.model import NeuronModel
from neurocmc.pipeline.search.largest import SIZES, is_of_size, other_targets
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
    holder = next((other.name for other in other_targets(target) if compiles(other)), None)
    held = f"use --target {holder}, or" if holder else "no known target holds it: use"
    cure = f"{held} a smaller network; {_largest(model)}"
    return InfeasibleError(
        replace(problem, cure=cure) if problem.id in SIZES else problem for problem in refusal.problems
    )


def _largest(model: NeuronModel) -> str:
    sizes = model.sizes
    name = max(sizes, key=lambda each: sizes[each])
    return f"its largest population is {name}, {sizes[name]:,} of {sum(sizes.values()):,} neurons"
