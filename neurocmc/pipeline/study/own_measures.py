"""Measures that come along: what training came to, what the circuit has, and what the chip keeps and takes of it."""

from collections.abc import Mapping
from typing import Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.matrices import count
from neurocmc.pipeline.study.made import Made


def training(made: Made) -> Mapping[str, float]:
    """Returns what was measured while the circuit was made: accuracies, counts of parameters."""
    return made.metrics


def circuit(made: Made) -> Mapping[str, int]:
    """Returns how many units and connections the rate circuit has."""
    found = made.model().circuit
    connections = sum(count(projection.weight) for projection in found.projections)
    return {"units": found.units, "connections": connections}


def chip(made: Made) -> Mapping[str, Any]:
    """Returns what `verify` found of the compiled circuit; what it has no readout for is left out."""
    _need_chip(made)
    return {f"chip_{name}": value for name, value in made.verdict.items() if value is not None}


def budget(made: Made) -> Mapping[str, Any]:
    """Returns what the compiled circuit takes: cores, and the energy of a presentation where it is known."""
    from neurocmc.pipeline.reporting import read_budget

    taken = read_budget(made.artifact())
    energy = None if taken.energy is None else taken.energy.dynamic_per_presentation_pj
    values = {"chip_cores": taken.cores_used, "chip_energy_pj": energy}
    return {name: value for name, value in values.items() if value is not None}


def _need_chip(made: Made) -> None:
    if made.compiled is None:
        cure = "add `compile:` to the study, or leave this measure out"
        raise InputError(Problem("measure-unfit", f"run {made.name}", made.not_compiled, cure))
