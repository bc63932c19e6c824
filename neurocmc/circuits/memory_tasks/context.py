"""Builds context-dependent integration as a circuit: a cue held in memory opens one of two gates to a slow decision.

Each stream has a gate for either side, which fires only where the memory of its context adds to the evidence. Behind
the gates both streams meet in a winner-take-all of two units, whose difference decays the more slowly the closer its
self-excitation is to 1: that is what integrates (Mante, Sussillo, Shenoy & Newsome, Nature 503, 2013, pose the task).
"""

import torch
from torch import Tensor

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
from neurocmc.circuits.memory_tasks.recipe import CircuitRecipe
from neurocmc.circuits.memory_tasks.trials import CONTEXTS, CUE, EVIDENCE

_BOUNDS = {
    "cue_to_x": Bound(0.1, 1.0, 0.3),
    "evidence_to_gate": Bound(0.1, 2.0, 1.0),
    "y_to_gate": Bound(0.1, 2.0, 0.2),
    "gate_threshold": Bound(0.1, 2.0, 0.2),
    "gate_to_decision": Bound(0.05, 2.0, 0.4),
}


class ContextCircuit(TaskCircuit):
    """Memory x and y of the context, four gates (each context, left and right), and a decision."""

    def __init__(self, recipe: CircuitRecipe) -> None:
        super().__init__(recipe.tau_s, recipe.dt_s, recipe.variant)
        items = self.items = len(CONTEXTS)
        self.sizes = {
            "x": items,
            "x_inhibit": 1,
            "y": items,
            "y_inhibit": 1,
            "gate": 2 * items,
            "decision": 2,
            "decision_inhibit": 1,
        }
        self.inputs = {CUE: ("x", items), EVIDENCE: ("gate", 2 * items)}
        self.answers_from, self.holds_in = "decision", "x"
        self.numbers = BoundedNumbers(MEMORY_BOUNDS | DECISION_BOUNDS | _BOUNDS)

    def input_weight(self, name: str) -> Tensor:
        """Returns one-to-one strengths: (2, 2) of the cue, (4, 4) of the evidence."""
        strength = self.numbers.value({CUE: "cue_to_x", EVIDENCE: "evidence_to_gate"}[name])
        return strength * torch.eye(self.inputs[name][1], dtype=strength.dtype)

    def blocks(self) -> Blocks:
        numbers = self.numbers
        opens, passes = numbers.value("y_to_gate"), numbers.value("gate_to_decision")
        context_of_gate = torch.eye(self.items, dtype=opens.dtype).repeat_interleave(2, dim=0)
        blocks: Blocks = {
            ("gate", "y"): opens * context_of_gate,
            ("decision", "gate"): passes * torch.eye(2, dtype=opens.dtype).repeat(1, self.items),
        }
        blocks |= memory_blocks(memory_loop(numbers), self.items, self.variant)
        return blocks | decision_blocks(numbers, self.variant)

    def thresholds(self) -> dict[str, Tensor]:
        own = {"gate": self.numbers.value("gate_threshold")}
        return own | memory_thresholds(memory_loop(self.numbers)) | decision_thresholds(self.numbers)
