"""Lists the points of the frontier: a name, a code, and what else the compiler is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import CODES, Code

STEP, NEF = "step", "nef"  # rows that no code of ours makes: the tick alone, and the peer
EQUAL = {"steps": "equal", "planes": 1}
KERNELS = ("8", "12", "8-4-4")
PERIODS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one row is compiled with; `options` are those of CompileOptions, beside the code."""

    name: str
    code: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_known(self) -> bool:
        """Whether the compiler has this code."""
        return self.code in CODES

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


def _interleaved() -> Iterator[Point]:
    for neurons in (32, 64, 128, 256):
        for phases in PERIODS:
            name = f"interleaved {neurons}, {phases} phases"
            yield Point(name=name, code="interleaved", options={"neurons": neurons, "phases": phases})


def _feedback() -> Iterator[Point]:
    for neurons in (4, 8, 12, 16, 24, 32):
        for kernel in KERNELS:
            name = f"feedback {neurons}, kernel {kernel}"
            yield Point(name=name, code="feedback", options={"neurons": neurons, "kernel": kernel})


def _rate() -> Iterator[Point]:
    for neurons in (16, 32, 64, 128, 256):
        yield Point(name=f"rate {neurons}", code="rate", options={"neurons": neurons, **EQUAL})
