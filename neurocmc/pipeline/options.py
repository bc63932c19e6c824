"""Holds what a user may choose of a compilation, checks it, and reads it back from a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurocmc.common.errors import Problem
from neurocmc.targets import AXONS, CODES, Axons, Code, Target

DEFAULT_NEURONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """The choices of a user.

    `neurons` None takes 64, or with `max_error` the smallest that meets it. `axons` "own" gives every neuron axons of
    its own on a chip that could share them; None takes what the target states. `tick_s` is the model's time that one
    tick stands for; None lets the compiler choose it. `images` names the task whose images drive a published
    checkpoint, which does not say so itself; a Model was loaded with its own. `calibrate` names test stimuli that
    gains are to be matched over as well. `allow_lost_states` compiles a circuit even if rounding destroys an up-state
    of it. `source` says whether the artifact holds a copy of the model, which `verify` compares with, `figures`
    whether the pictures of its report are drawn.
    """

    neurons: int | None = None
    code: Code = "threshold"
    axons: Axons | None = None
    seed: int = 0
    max_error: float | None = None
    tick_s: float | None = None
    images: str | None = None
    calibrate: tuple[str, ...] = ()
    allow_lost_states: bool = False
    source: bool = True
    figures: bool = True

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "CompileOptions":
        """Returns the options that an artifact was compiled with, with the number of neurons that was chosen."""
        given = manifest["options"]
        return cls(
            neurons=given["neurons"],
            code=given["code"],
            axons=given["axons"],
            seed=given["seed"],
            tick_s=given["tick_s"],
            images=given["images"],
            calibrate=tuple(given.get("calibrate", ())),
            allow_lost_states=given.get("allow_lost_states", False),
            source=manifest["source"] is not None,
        )

    @property
    def pool(self) -> int:
        """Neurons a unit: as given, or the default."""
        return DEFAULT_NEURONS if self.neurons is None else self.neurons

    def problems(self) -> tuple[Problem, ...]:
        """Returns options that contradict each other or make no sense."""
        found: list[Problem] = []
        if self.neurons is not None and self.max_error is not None:
            found.append(
                Problem(
                    "options-exclusive",
                    "--max-error",
                    "it chooses the number of neurons, and --neurons gives it",
                    "use one of the two",
                )
            )
        if self.neurons is not None and not 1 <= self.neurons <= 65536:
            found.append(
                Problem("neurons-out-of-range", "--neurons", f"got {self.neurons}", "give 1 to 65,536 neurons a unit")
            )
        if self.code not in CODES:
            found.append(Problem("choice-unknown", "--code", f"got {self.code!r}", "use threshold or rate"))
        if self.axons not in (None, *AXONS):
            found.append(Problem("choice-unknown", "--axons", f"got {self.axons!r}", "use shared or own"))
        if self.seed < 0:
            found.append(Problem("seed-out-of-range", "--seed", f"got {self.seed}", "give 0 or more"))
        return tuple(found)

    def unfit(self, target: Target) -> tuple[Problem, ...]:
        """Returns options that a target has no use for."""
        if self.axons is None or self.axons in target.axons:
            return ()
        if not target.axons:
            return (Problem("option-not-for-this", "--axons", f"{target.name} has no axons to lay", "leave it out"),)
        what = f"its file states no shared_axons for {target.name}: every neuron has axons of its own"
        return (
            Problem("option-not-for-this", "--axons", what, "leave it out, or state shared_axons with its source"),
        )
