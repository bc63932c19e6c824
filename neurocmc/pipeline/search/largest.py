"""Finds what a refusal for size should name: the largest pools that compile, else the code or the target that fits.

What is named was compiled, down to places on cores. First counts alone say how large pools may be at most; below
that, sizes are halved between one that fits and one that does not, so that one neuron more is refused. Where a try
would compile more than `MOST_NEURONS`, nothing is compiled, and the refusal says what counts alone allow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import isqrt

from neurocmc.common.errors import InfeasibleError, InputError, NeurocmcError
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.phrases import SMALLER
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import lower_staged, rewritten, stage
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.smallest import sizes_of
from neurocmc.targets import Target, known_targets, load_target

MOST_NEURONS = 300_000  # of a try: a larger one takes minutes, and memory that may not be there
SIZES = frozenset(
    {
        "neurons-beyond-limit",
        "synapses-beyond-limit",
        "cores-beyond-chip",
        "pool-beyond-core",
        "fan-in-beyond-core",
        "out-axons-beyond-core",
        "fan-out-beyond-core",
        "core-resource-beyond-limit",
    }
)


def is_of_size(refusal: NeurocmcError) -> bool:
    """Whether something is refused because it is too large."""
    return any(problem.id in SIZES for problem in refusal.problems)


def other_targets(target: Target) -> Iterator[Target]:
    """Yields the known targets that could hold what `target` does not: of its own kind first, without limits last."""
    known = [load_target(name) for name in known_targets() if name != target.name]
    yield from sorted(known, key=lambda other: (other.unlimited, other.kind != target.kind, other.name))


def with_cure(refusal: InfeasibleError, named: str) -> InfeasibleError:
    """Returns a refusal whose problems of size have the cure that was found; what a pass advised stays beside it."""
    return InfeasibleError(
        problem
        if problem.id not in SIZES
        else replace(problem, cure=named if problem.cure == SMALLER else f"{named}; or {problem.cure}")
        for problem in refusal.problems
    )


@dataclass(slots=True)
class Sizes:
    """Compiles a circuit in memory with pools of several sizes.

    Args:
        circuit: The circuit of a model.
        calibration: The stimuli that gains are matched over.
        target: The target.
        given: What the user chose, but for the size of pools.
        told: Is told of every size that is tried.
    """

    circuit: RateCircuit
    calibration: tuple[Stimulus, ...]
    target: Target
    given: CompileOptions
    told: Callable[[str], None] = field(default=lambda _stage: None)
    staging: Staging | None = None  # what no size changes, once it is known

    def refusal(self, neurons: int) -> NeurocmcError | None:
        """Returns why so many neurons per unit are refused; None where they compile."""
        self.told(f"trying {neurons:,} neurons per unit in the {self.given.code} code on {self.target.name}")
        options = replace(self.given, neurons=neurons)
        try:
            if self.staging is None:
                self.staging = stage(self.circuit, self.calibration, self.target, options, Clock())
            else:
                family_of(self.target).refuse(self.staging.staged, self.target, options)
            lower_staged(self.staging, self.target, options, Clock())
        except (InfeasibleError, InputError) as refusal:
            return refusal
        return None

    def largest(self, counted: int) -> tuple[int, NeurocmcError | None]:
        """Returns the largest size that is not too large, 0 if all are, and why it fails if it does.

        `counted` is the largest that counts allow. Sizes are multiples of the phases where these are given.
        """
        step = self.given.phases or 1
        low, high = 0, counted // step + 1
        found: NeurocmcError | None = None
        middle = high - 1  # counts are often all that binds
        while high - low > 1:
            refusal = self.refusal(middle * step)
            if refusal is None or not is_of_size(refusal):
                low, found = middle, refusal
            else:
                high = middle
            middle = (low + high) // 2 if high <= 2 * low else max(isqrt(low * high), 1)  # small pools are cheap
        return low * step, found

    def counted(self, refused: int) -> int:
        """Returns the largest size below `refused` that counts of what a chip has allow; 0 if they allow none."""
        circuit, family = rewritten(self.circuit, self.target, self.given, Clock()), family_of(self.target)
        step = self.given.phases or 1
        low, high = 0, -(-refused // step)
        while high - low > 1:
            middle = (low + high) // 2
            try:
                family.refuse(circuit, self.target, replace(self.given, neurons=middle * step))
            except InfeasibleError as refusal:
                too_large = is_of_size(refusal)
            else:
                too_large = False
            low, high = (low, middle) if too_large else (middle, high)
        return (high - 1) * step

    def is_tried(self, neurons: int) -> bool:
        """Whether so many neurons per unit are few enough to be compiled for an answer."""
        return neurons * self.circuit.units <= MOST_NEURONS


def with_what_fits(
    refusal: InfeasibleError,
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    progress: Progress | None = None,
) -> InfeasibleError:
    """Returns the refusal of a compilation; if it is for size, with what fits as its cure.

    Args:
        refusal: What the compilation raised.
        circuit: The circuit of a model.
        calibration: The stimuli that gains are matched over.
        target: The target that refused it.
        options: What the user chose.
        progress: Is told what is tried.
    """
    if not is_of_size(refusal):
        return refusal
    told = progress or silent
    sizes = Sizes(circuit, calibration, target, options, lambda text: told(text, 0.0))
    if options.max_error is None and options.code is not None:
        counted = sizes.counted(options.pool)
        if not sizes.is_tried(counted):
            return with_cure(refusal, _as_counted(counted))
        largest, why = sizes.largest(counted)
        if largest:
            return with_cure(refusal, _at_most(largest, why))
        if (cure := _other_code(sizes, options)) is not None:
            return with_cure(refusal, cure)
        first = options.pool
    else:
        first = sizes_of(options.code)[0]
    return with_cure(refusal, _other_target(replace(sizes, given=_plain(options), staging=None), first))


def _at_most(largest: int, why: NeurocmcError | None) -> str:
    named = f"use at most {largest:,} neurons per unit (--neurons {largest})"
    if why is None:
        return f"{named}, fewer units, or a larger chip"
    return f"{named}, and mend what else is refused [{why.problems[0].id}]"


def _as_counted(counted: int) -> str:
    return (
        f"use fewer neurons per unit (counts allow {counted:,}; the circuit is too large to compile one size after "
        "another), fewer units, or a larger chip"
    )


def _other_code(sizes: Sizes, options: CompileOptions) -> str | None:
    """What to type for another code that fits, where what was given of this one does not stand in its way."""
    if options.kernel or options.phases or options.steps not in (None, "equal"):
        return None
    for code in sizes.target.codes:
        if code != options.code:
            own = replace(sizes, given=replace(options, code=code), staging=None)
            counted = own.counted(options.pool + 1)
            largest, why = own.largest(counted) if own.is_tried(counted) else (0, None)
            if largest and why is None:
                return f"no number of neurons per unit fits in this code: use --code {code} --neurons {largest}"
    return None


def _plain(options: CompileOptions) -> CompileOptions:
    return replace(options, max_error=None, code=options.code or "threshold")


def _other_target(sizes: Sizes, neurons: int) -> str:
    if not sizes.is_tried(neurons):
        return f"no number of neurons per unit fits {sizes.target.name}: use fewer units, or a larger chip"
    for other in other_targets(sizes.target):
        if replace(sizes, target=other, staging=None).refusal(neurons) is None:
            return (
                f"no number of neurons per unit fits {sizes.target.name}: use --target {other.name}, which holds "
                f"{neurons:,} neurons per unit, or fewer units"
            )
    return (
        f"no number of neurons per unit fits {sizes.target.name}, and no other known target holds it: use fewer units"
    )
