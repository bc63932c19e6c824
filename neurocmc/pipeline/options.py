"""Holds what a user may choose of a compilation, checks it, and reads it back from a manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import did_you_mean, nearest_name
from neurocmc.targets import (
    AXONS,
    CODES,
    PLANES,
    SECOND_ORDER,
    STEPS,
    Axons,
    Code,
    Planes,
    SecondOrder,
    Steps,
    Target,
)

DEFAULT_NEURONS = 64
SEGMENTS: Mapping[Steps, int] = {"equal": 1, "decisions": 4, "activity": 8}  # of a unit at least, in the mean
SMALLEST_POOL, LARGEST_POOL = (
    4,
    16,
)  # neurons of a segment: with more, a spike weighs so little that weights round away
HEARD = (
    128  # segments that a unit hears in each plane, where it has more than two a source: synapse memory bounds them
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """The choices of a user.

    `neurons` None takes 64, or more where decisions need them; with `max_error` the smallest that meets it. `code`
    None chooses the code as well. `kernel` is what a spike of the feedback code stands for
    (`passes.feedback.kernel_of`), chosen where None. `phases` is over how many ticks the neurons of the
    interleaved code take turns, chosen by the filters where None. `second_order` says whether kernels that a neuron
    has no filter for become relays, or delayed taps of a spike; None takes taps with the feedback code, where they
    suffice, and relays otherwise. `steps` says for what the neurons of a unit are spread over its range: in equal
    steps, or finest where the circuit's decisions, or all of its activity, are sensitive; `planes` of how many
    synapses a weight is the sum. Both None are chosen. `axons` "own" gives every neuron axons of its own on a chip
    that could share them; None takes what the target states. `tick_s` is the model's time that one tick stands
    for; None lets the compiler choose it. `images` names the task whose images drive a published checkpoint, which
    does not say so itself; a Model was loaded with its own. `calibrate` names test stimuli that gains are to be
    matched over as well. `allow_lost_states` compiles a circuit even if rounding destroys an up-state of it.
    `source` says whether the artifact holds a copy of the model, which `verify` compares with, `figures` whether
    the pictures of its report are drawn.
    """

    neurons: int | None = None
    code: Code | None = "threshold"
    kernel: str | None = None
    phases: int | None = None
    second_order: SecondOrder | None = None
    axons: Axons | None = None
    steps: Steps | None = None
    planes: Planes | None = None
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
            kernel=given.get("kernel"),
            phases=given.get("phases"),
            second_order=given.get("second_order"),
            axons=given["axons"],
            steps=given.get("steps", "equal"),
            planes=given.get("planes", 1),
            seed=given["seed"],
            tick_s=given["tick_s"],
            images=given["images"],
            calibrate=tuple(given.get("calibrate", ())),
            allow_lost_states=given.get("allow_lost_states", False),
            source=manifest["source"] is not None,
        )

    @property
    def coded(self) -> Code:
        """The code, once it is known."""
        assert self.code is not None, "the code is still to be chosen"
        return self.code

    @property
    def pool(self) -> int:
        """Neurons a unit: as given, or the default."""
        return DEFAULT_NEURONS if self.neurons is None else self.neurons

    def of_a_segment(self, sources: float) -> int:
        """Returns the neurons of one pool: of a unit's where steps are equal, and else of a segment's.

        Each of a unit's segments is a source of its own to those that the unit sends to, with a synapse for each
        plane of weights; `sources` is how many units a unit hears in the mean.
        """
        steps = self.steps or "equal"
        if steps == "equal":
            return self.pool
        segments: float = SEGMENTS[steps]
        if steps == "decisions":
            segments = max(segments, self.pool / LARGEST_POOL)
        segments = min(segments, max(HEARD / (max(sources, 1.0) * (self.planes or 1)), 2.0))
        return min(max(round(self.pool / segments), SMALLEST_POOL), self.pool)

    def problems(self) -> tuple[Problem, ...]:
        """Returns options that contradict each other or make no sense."""
        found: list[Problem] = []
        if self.neurons is not None and self.max_error is not None and self.code is not None:
            found.append(
                Problem(
                    "options-exclusive",
                    "--max-error",
                    "it chooses the number of neurons, which --neurons already sets",
                    "leave out one of the two",
                )
            )
        if self.neurons is not None and not 1 <= self.neurons <= 65536:
            found.append(
                Problem(
                    "neurons-out-of-range", "--neurons", f"got {self.neurons}", "give 1 to 65,536 neurons per unit"
                )
            )
        if self.code not in (None, *CODES):
            cure = f"{did_you_mean(self.code, CODES)}use threshold, feedback, interleaved, rate or auto"
            found.append(Problem("choice-unknown", "--code", f"got {self.code!r}", cure))
        if self.axons not in (None, *AXONS):
            found.append(Problem("choice-unknown", "--axons", f"got {self.axons!r}", nearest_name(self.axons, AXONS)))
        if self.steps not in (None, *STEPS):
            found.append(Problem("choice-unknown", "--steps", f"got {self.steps!r}", nearest_name(self.steps, STEPS)))
        if self.planes not in (None, *PLANES):
            found.append(Problem("choice-unknown", "--planes", f"got {self.planes!r}", "use 1 or 2"))
        if self.steps not in (None, "equal") and self.code != "threshold":
            what = f"pools of the {self.code or 'chosen'} code have no thresholds to spread"
            found.append(Problem("options-exclusive", "--steps", what, "use --code threshold, or --steps equal"))
        if self.kernel is not None:
            found += self._kernel_problems(self.kernel)
        if self.phases is not None:
            found += self._phases_problems(self.phases)
        if self.second_order not in (None, *SECOND_ORDER):
            found.append(
                Problem(
                    "choice-unknown",
                    "--second-order",
                    f"got {self.second_order!r}",
                    nearest_name(self.second_order, SECOND_ORDER),
                )
            )
        if self.seed < 0:
            found.append(Problem("seed-out-of-range", "--seed", f"got {self.seed}", "give 0 or more"))
        return tuple(found)

    def _kernel_problems(self, kernel: str) -> Iterator[Problem]:
        from neurocmc.passes.feedback import kernel_of  # here and not above: the command line starts without numpy

        if self.code not in ("feedback", None):
            what = f"a spike of the {self.code} code has no kernel of several ticks"
            yield Problem("options-exclusive", "--kernel", what, "use --code feedback, or leave it out")
        try:
            kernel_of(kernel, keep=0.5)  # what is wrong with it does not depend on a filter
        except InputError as error:
            yield from error.problems

    def _phases_problems(self, phases: int) -> Iterator[Problem]:
        from neurocmc.passes.interleave import phases_problem  # here and not above: most commands need no pass

        if self.code not in ("interleaved", None):
            what = f"neurons of the {self.code} code do not take turns"
            yield Problem("options-exclusive", "--phases", what, "use --code interleaved, or leave it out")
        elif phases < 1 or phases & (phases - 1):
            yield phases_problem(phases)
        elif self.code is not None and self.max_error is None and self.pool % phases:
            yield phases_problem(phases, self.pool)

    def unfit(self, target: Target) -> tuple[Problem, ...]:
        """Returns options that a target has no use for."""
        return (*self._unfit_axons(target), *self._unfit_pools(target))

    def _unfit_axons(self, target: Target) -> Iterator[Problem]:
        if self.axons is None or self.axons in target.axons:
            return
        if not target.axons:
            yield Problem("option-not-for-this", "--axons", f"{target.name} has no axons", "leave it out")
            return
        what = f"its file states no shared_axons for {target.name}: every neuron has axons of its own"
        yield Problem("option-not-for-this", "--axons", what, "leave it out, or state shared_axons with its source")

    def _unfit_pools(self, target: Target) -> Iterator[Problem]:
        if self.code == "feedback" and self.code not in target.codes:
            what = f"this code cancels each spike later through delayed synapses, which {target.name} does not have"
            yield Problem("code-unfit", "--code", what, f"use --code {target.codes[0]}, or leave it out")
        if self.second_order == "taps" and not target.late_parts:
            what = f"spikes on {target.name} all arrive together"
            yield Problem("option-not-for-this", "--second-order", what, "use --second-order relays, or leave it out")
        if self.steps not in (None, "equal") and not target.unequal_steps:
            what = f"pools on {target.name} count in equal steps"
            yield Problem("option-not-for-this", "--steps", what, "leave it out")
        if self.planes not in (None, 1) and target.registers is None:
            what = f"{target.name} has no weights that are rounded to a mantissa and an exponent"
            yield Problem("option-not-for-this", "--planes", what, "leave it out")
