"""Builds delayed match to sample as a circuit: senses, a memory that the first item ignites, coincidence, a decision.

The memory takes the sample because it is empty, and keeps it under the test because it is not: what would have to
drive another item is more than the senses give. `match` units fire where memory and senses agree, which is a logical
AND of the two; the decision weighs them against all that is seen.
"""

import torch
from torch import Tensor, nn

from neurocmc.circuits.memory_tasks.bounded import Bound, BoundedNumbers
from neurocmc.circuits.memory_tasks.circuit import (
    DECISION_BOUNDS,
    MEMORY_BOUNDS,
    Blocks,
    TaskCircuit,
    decision_blocks,
    decision_thresholds,
    memory_blocks,
    memory_loop,
    memory_thresholds,
)
from neurocmc.circuits.memory_tasks.recipe import MatchCircuitRecipe
from neurocmc.circuits.memory_tasks.trials import DIRECTION

LARGEST_SENSORY_WEIGHT = 1.5
_BOUNDS = {
    "sensory_threshold": Bound(0.1, 1.5, 0.5),
    "sensory_to_x": Bound(0.1, 1.0, 0.3),
    "y_to_match": Bound(0.1, 2.0, 0.6),
    "sensory_to_match": Bound(0.1, 2.0, 0.6),
    "match_threshold": Bound(0.1, 2.0, 0.7),
    "match_to_match": Bound(0.1, 3.0, 0.8),  # from the match units to the decision `match`
    "match_to_non_match": Bound(0.0, 2.0, 0.3),  # taken from the decision `non-match`
    "sensory_to_non_match": Bound(0.05, 2.0, 0.3),
}


class DelayedMatchCircuit(TaskCircuit):
    """Senses (one unit an item), memory x and y, match units, and a decision between match and non-match."""

    def __init__(self, recipe: MatchCircuitRecipe) -> None:
        super().__init__(recipe.tau_s, recipe.dt_s, recipe.variant)
        items = self.items = recipe.items
        self.sizes = {
            "sensory": items,
            "x": items,
            "x_inhibit": 1,
            "y": items,
            "y_inhibit": 1,
            "match": items,
            "decision": 2,
            "decision_inhibit": 1,
        }
        self.inputs = {DIRECTION: ("sensory", recipe.channels)}
        self.answers_from, self.holds_in = "decision", "x"
        self.numbers = BoundedNumbers(MEMORY_BOUNDS | DECISION_BOUNDS | _BOUNDS)
        # Nothing is known at the start of which channel speaks for which item.
        self.sensory = nn.Parameter(0.1 * torch.randn(items, recipe.channels))

    def input_weight(self, name: str) -> Tensor:
        """Returns (items, channels) strengths within +-1.5 of `direction`, the one input."""
        if name != DIRECTION:
            raise KeyError(name)
        return LARGEST_SENSORY_WEIGHT * torch.tanh(self.sensory)

    def blocks(self) -> Blocks:
        numbers = self.numbers
        each = torch.eye(self.items, dtype=self.sensory.dtype)
        every = torch.ones(self.items, dtype=self.sensory.dtype)
        blocks: Blocks = {
            ("x", "sensory"): numbers.value("sensory_to_x") * each,
            ("match", "sensory"): numbers.value("sensory_to_match") * each,
            ("match", "y"): numbers.value("y_to_match") * each,
            ("decision", "match"): torch.stack(
                [numbers.value("match_to_match") * every, -numbers.value("match_to_non_match") * every]
            ),
            ("decision", "sensory"): torch.stack([0.0 * every, numbers.value("sensory_to_non_match") * every]),
        }
        blocks |= memory_blocks(memory_loop(numbers), self.items, self.variant)
        return blocks | decision_blocks(numbers, self.variant)

    def thresholds(self) -> dict[str, Tensor]:
        own = {
            "sensory": self.numbers.value("sensory_threshold"),
            "match": self.numbers.value("match_threshold"),
        }
        return own | memory_thresholds(memory_loop(self.numbers)) | decision_thresholds(self.numbers)
