"""Lists the points of the frontier: a name, a code, and what else the compiler is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, cast

from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import CODES, Code

STEP, NEF = "step", "nef"  # rows that no code of ours makes: the tick alone, and the peer
EQUAL = {"steps": "equal", "planes": 1}
FEEDBACK = (2, 4, 6, 8, 10, 12, 16, 24, 32, 40)
KERNELS = ("8", "12", "8-4-4")  # beside the one that the compiler chooses
KERNEL_SIZES = (4, 8, 12)
SECOND_ORDER = ("cmc-v1v3",)  # circuits with synapses of second order, which may be relays or delayed taps
PERIODS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one row is compiled with; `options` are those of CompileOptions, beside the code.

    `only` names the circuits that it is measured on; none named is all of them.
    """

    name: str
    code: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    only: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """What the compiler lacks of it, in words; nothing where it has all."""
        if self.code not in CODES:
            return f"code {self.code}"
        known = {option.name for option in fields(CompileOptions)}
        return ", ".join(f"option {name}" for name in self.options if name not in known)

    def is_of(self, circuit: str) -> bool:
        """Whether it is measured on a circuit."""
        return not self.only or circuit in self.only

    def compile_options(self) -> CompileOptions:
        """Returns the options of the compiler. Raises TypeError for one that it does not have."""
        return CompileOptions(code=cast(Code, self.code), source=False, figures=False, **self.options)


def points() -> tuple[Point, ...]:
    """Returns every point, in the order of the table."""
    return (*_threshold(), *_interleaved(), *_feedback(), *_rate())


def _threshold() -> Iterator[Point]:
    for neurons in (8, 16, 32, 64, 128, 256):
        yield Point(name=f"threshold {neurons}", code="threshold", options={"neurons": neurons, **EQUAL})
    for neurons in (32, 64):
        yield Point(name=f"threshold {neurons}, steps chosen", code="threshold", options={"neurons": neurons})
    for neurons in (16, 28, 40, 48, 64):
        options = {"neurons": neurons, "second_order": "taps", **EQUAL}
        yield Point(name=f"threshold {neurons}, taps", code="threshold", options=options, only=SECOND_ORDER)


def _interleaved() -> Iterator[Point]:
    for neurons in (32, 64, 128, 256):
        for phases in PERIODS:
            name = f"interleaved {neurons}, {phases} phases"
            yield Point(name=name, code="interleaved", options={"neurons": neurons, "phases": phases})


def _feedback() -> Iterator[Point]:
    for neurons in FEEDBACK:
        yield Point(name=f"feedback {neurons}", code="feedback", options={"neurons": neurons})
    yield Point(name="feedback 28", code="feedback", options={"neurons": 28}, only=SECOND_ORDER)
    for neurons in KERNEL_SIZES:
        for kernel in KERNELS:
            name = f"feedback {neurons}, kernel {kernel}"
            yield Point(
                name=name, code="feedback", options={"neurons": neurons, "kernel": kernel}, only=("four-units",)
            )


def _rate() -> Iterator[Point]:
    for neurons in (16, 32, 64, 128, 256):
        yield Point(name=f"rate {neurons}", code="rate", options={"neurons": neurons, **EQUAL})
