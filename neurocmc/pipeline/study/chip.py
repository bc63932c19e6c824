"""Compiles and verifies the runs of a study, and puts each verdict in numbers that can stand in a table."""

from collections.abc import Iterable
from math import isfinite

from neurocmc.circuits.study.plan import ChipResult, CompileRecipe, Run
from neurocmc.common.errors import NeurocmcError
from neurocmc.common.progress import Progress, part_of
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.verify import VerifyOptions, verify
from neurocmc.verification.edges import Edge

MEMORYLESS = "no dynamics to compile"


def judge(run: Run, options: CompileRecipe, progress: Progress) -> ChipResult:
    """Compiles a trained run and verifies it; what cannot be compiled is a verdict too, with its first reason."""
    if run.variant == "ode-off":
        return ChipResult(refused=MEMORYLESS)
    wanted = CompileOptions(neurons=options.neurons, code=options.code)
    try:
        compiling, verifying = part_of(progress, 0.0, 0.4), part_of(progress, 0.4, 0.6)
        artifact = compile_model(run.checkpoint, options.target, run.chip, wanted, compiling)
        edges = verify(artifact, VerifyOptions(samples=options.samples), verifying).edges
    except NeurocmcError as error:
        problem = error.problems[0]
        return ChipResult(refused=f"{problem.where}: {problem.what}")
    return chip_result(edges, artifact.spiking.neurons, options.samples)


def chip_result(edges: Iterable[Edge], neurons: int, samples: int) -> ChipResult:
    """Sums up the edges. What reaches furthest from the rate circuit counts: the emulator, else Brian2."""
    edges = tuple(edges)
    last = [name for name in ("rate ~ emulator", "rate ~ brian2") if any(edge.name == name for edge in edges)][:1]
    own = [edge for edge in edges if edge.name in last]
    return ChipResult(
        samples=samples,
        neurons=neurons,
        agreement=_value(own, "decisions agree"),
        accuracy_drop=_value(own, "accuracy drop"),
        nrmse=_value(own, "NRMSE of rates"),
        missed="; ".join(f"{edge.name}, {edge.quantity}" for edge in edges if edge.verdict == "miss"),
    )


def _value(edges: Iterable[Edge], quantity: str) -> float | None:
    """The value of the first edge whose quantity begins so; None where it is not a number."""
    value = next((edge.value for edge in edges if edge.quantity.startswith(quantity)), None)
    return value if value is not None and isfinite(value) else None
