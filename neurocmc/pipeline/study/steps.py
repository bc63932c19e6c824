"""Does the three steps of a run of a study, each a task of a campaign: makes the circuit, compiles and measures it.

What a step leaves in files is known by its check sum, which the next one holds against them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from neurocmc.common.errors import InputError
from neurocmc.common.files import MANIFEST, make_folder, sha256_of
from neurocmc.common.opening import check_name
from neurocmc.common.progress import Progress, part_of
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.campaign.inputs import check_unaltered
from neurocmc.pipeline.study.families import FAMILIES, CircuitFamily
from neurocmc.pipeline.study.made import Made
from neurocmc.pipeline.study.measures import LONGEST, ColumnName, taken
from neurocmc.pipeline.study.plugins import broken, loaded

HERE = "neurocmc.pipeline.study.steps"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]


class MadeValue(StrictModel):
    """What is kept of a circuit that was made."""

    sha256: Sha256
    metrics: dict[Name, Number]


class Verdict(StrictModel):
    """What `verify` found."""

    samples: Annotated[int, Field(ge=0, le=1_000_000)]
    neurons: Annotated[int, Field(ge=0, le=10**12)]
    agreement: Annotated[float, Field(ge=0, le=1)] | None
    accuracy_drop: Annotated[float, Field(ge=-1, le=1)] | None
    nrmse: Annotated[float, Field(ge=0, le=1e12)] | None
    missed: Annotated[str, Field(max_length=20_000)]


class CompiledValue(StrictModel):
    """What is kept of a circuit that was compiled."""

    sha256: Sha256
    verdict: Verdict


class MeasuredValue(StrictModel):
    """What is kept of a measure: columns of a row."""

    columns: dict[ColumnName, bool | int | Number | Annotated[str, Field(max_length=LONGEST)]]


VALUES = {f"{HERE}:make": MadeValue, f"{HERE}:compiled": CompiledValue, f"{HERE}:measured": MeasuredValue}


def make(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Makes the circuit of a recipe and seed; returns its check sum and what was measured meanwhile."""
    known, path = what["family"], Path(where["circuit"])
    family: CircuitFamily = loaded(where["family"], known["sha256"], FAMILIES.called)
    check_name(path)
    make_folder(path.parent)
    metrics: dict[str, Any] = dict(family.make(what["recipe"], what["seed"], path, progress))
    plain = {name: float(value) for name, value in metrics.items()}
    if unsound := [name for name, value in plain.items() if not isfinite(value)]:
        error = ValueError(f"{unsound[0]} is {plain[unsound[0]]}")
        raise InputError(broken(f"family {known['name']}", "measured what is not a number", error))
    return {"sha256": sha256_of(path), "metrics": plain}


def compiled(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Compiles the circuit and verifies it; returns the check sum of its manifest, and what was found."""
    from neurocmc.pipeline.compile import compile_model
    from neurocmc.pipeline.options import CompileOptions
    from neurocmc.pipeline.study.chip import chip_result
    from neurocmc.pipeline.verify import VerifyOptions, verify
    from neurocmc.targets import parse_target

    path, chosen = Path(where["circuit"]), what["compile"]
    check_unaltered(str(path), sha256_of(path), what["made"])
    # Pictures take most of the time of a small circuit: `neurocmc compile` draws those of one that is of interest.
    options = CompileOptions(neurons=chosen["neurons"], code=chosen["code"], seed=what["seed"], figures=False)
    target = parse_target(what["target"], "target")
    artifact = compile_model(path, target, Path(where["chip"]), options, part_of(progress, 0.0, 0.4))
    judged = VerifyOptions(samples=chosen["samples"], figures=False, cures=False)
    edges = verify(artifact, judged, part_of(progress, 0.4, 0.6)).edges
    deciding = [edge for edge in edges if edge.group == "fidelity"]  # theory warns, as it does in `verify`
    verdict = asdict(chip_result(deciding, artifact.spiking.neurons, chosen["samples"]))
    del verdict["refused"]  # a refusal is the outcome of this run, not a part of its verdict
    return {"sha256": sha256_of(artifact.directory / MANIFEST), "verdict": verdict}


def measured(what: dict[str, Any], where: Mapping[str, str], _progress: Progress) -> dict[str, Any]:
    """Measures the circuit; returns the columns of its row."""
    path, chip = Path(where["circuit"]), Path(where["chip"]) if where["chip"] else None
    check_unaltered(str(path), sha256_of(path), what["made"]["sha256"])
    if chip is not None:
        check_unaltered(str(chip), sha256_of(chip / MANIFEST), what["chip"]["sha256"])
    made = Made(
        name=what["run"],
        variant=what["variant"],
        seed=what["seed"],
        recipe=what["recipe"],
        path=path,
        metrics=what["made"]["metrics"],
        compiled=chip,
        verdict={} if chip is None else what["chip"]["verdict"],
        not_compiled=what["not_compiled"],
    )
    plug = what["measure"]
    return {"columns": taken(plug["name"], where["measure"], plug["sha256"], made, what["with"])}
