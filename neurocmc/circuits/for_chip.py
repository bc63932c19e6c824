"""Makes the recipe of a training for a chip out of any recipe: with pools behind every population."""

from typing import TypeVar

from neurocmc.circuits.chip_pool import neurons_problems
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.fields import PoolsRecipe
from neurocmc.circuits.memory_tasks.recipe import ContextRecipe, DelayedMatchRecipe
from neurocmc.circuits.recipe import Recipe
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.targets import load_target

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe | CmcRecipe | DelayedMatchRecipe | ContextRecipe)


def for_chip(recipe: AnyRecipe, target: str, neurons: int) -> AnyRecipe:
    """Returns the recipe of the same training through pools of `neurons` a unit, as `target` has them.

    Raises InputError for an unknown target, one whose neurons form no such pools, a circuit that no chip steps, and a
    number of neurons that is none.
    """
    chip = load_target(target)
    problems = neurons_problems(neurons, "--neurons")
    if "threshold" not in chip.codes:
        what = f"training is for pools of the threshold code, and the neurons of {chip.name} form no such pools"
        problems.append(Problem("option-not-for-this", "--for", what, "leave it out, or name another target"))
    if isinstance(recipe, CmcRecipe) and not recipe.steps_as_chips:
        what = f"solver {recipe.circuit.solver}, variant {recipe.circuit.variant} does not step as a chip does"
        cure = "use solver: euler and a variant other than ode-off, or leave --for out"
        problems.append(Problem("option-not-for-this", "--for", what, cure))
    raise_input_problems(problems)
    pools = PoolsRecipe(target=chip.name, neurons=neurons, relays=chip.filter_stages == 1)
    training = recipe.training.model_copy(update={"pools": pools})
    return recipe.model_copy(update={"training": training})
