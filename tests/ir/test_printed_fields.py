"""Every field of every level is printed: whatever single one of them differs, the texts do."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from neurocmc.ir.copies import Copies
from neurocmc.ir.loihi import printer as chip_printer
from neurocmc.ir.loihi.chip import ChipProgram, CorePlace
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RateInput, Readout
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import SpikingNetwork, Tap
from neurocmc.ir.truenorth import printer as core_printer
from neurocmc.ir.truenorth.program import CoreProgram
from tests.made import levels
from tests.made.by_hand_cores import core_program
from tests.made.circuits import population, projection
from tests.made.printing import Printed, print_level

ALL_ENTRIES = 48  # of an array that are changed one by one; of a larger one, these many of them
LEAST = 2e-8  # of a number: a change that nine digits tell, wherever in a decade it is
# Fields of which some differences are not told, and why. There are none.
NOT_TOLD: dict[str, str] = {}
# Fields that fix the shape of others: a level that differs in one of them alone is none.
SHAPES = {
    "RatePopulation.size",
    "SpikingPopulation.units",
    "SpikingPopulation.neurons",
    "IntegerPopulation.units",
    "IntegerPopulation.neurons",
    "CorePopulation.units",
    "CoreNetwork.neurons",
}


def rate() -> RateCircuit:
    """All that a rate circuit can have."""
    return RateCircuit(
        name="all",
        dt_s=0.001,
        populations=(
            replace(
                population("cells", 3, "sigmoid", gain=[1, 2, 4], offset=0.25, bias=[0, 0.5, 0], saturation=100.0),
                segments=(Segments(units=2, unit=[0, 0, 1], low=[10.0, 20.0, 5.0], width=[10.0, 5.0, 90.0]),),
            ),
            replace(population("line", 12, "softplus", gain=np.linspace(1, 2, 12)), trace_tau_s=0.0),
            replace(population("part", 2, "relu", saturation=2.0, initial=[0.0, 1.0]), floor=0.25, top=0.75),
        ),
        projections=(
            projection("cells", "cells", np.full((3, 3), -0.5) + 2 * np.eye(3), 0.1, order=2, dc_gain=0.5),
            projection("cells", "line", np.arange(36.0).reshape(12, 3), name="fan-out", delay_ticks=2),
            projection("line", "line", np.tri(12), 0.01),
        ),
        inputs=(
            RateInput(name="drive", target="cells", weight=np.arange(12.0).reshape(3, 4) / 7, tau_s=0.005, order=2),
            RateInput(name="free", target="part", weight=np.zeros((2, 1))),
        ),
        readouts=(
            Readout(name="who", population="cells", kind="winner", labels=("a", "b c", "d"), window_s=0.1),
            Readout(name="what", population="part", kind="activity", labels=(), window_s=0.05),
        ),
        origin_sha256="0" * 64,
        on_host=("encoder, 784 -> 4", "decoder"),
        classifiers=(
            Classifier(
                name="class",
                populations=("cells", "line"),
                layers=(
                    HostLayer(weight=np.arange(60.0).reshape(4, 15), bias=np.arange(4.0), rectify=True),
                    HostLayer(weight=np.arange(8.0).reshape(2, 4), bias=np.zeros(2), rectify=False),
                ),
                labels=("no", "yes"),
                window_s=0.2,
            ),
        ),
        continuous=True,
    )


def spiking() -> SpikingNetwork:
    network = levels.spiking()
    first, second = network.populations
    cut = Segments(units=2, unit=[0, 0, 0, 1], low=[0.0, 0.5, 1.0, 0.25], width=[0.5, 0.5, 1.0, 2.0])
    started = replace(
        first,
        v_initial=np.linspace(0, 0.9, first.v_initial.size).reshape(first.v_initial.shape),
        segments=(cut,),
        trace=replace(first.trace, kernel=(0.75, 0.25)),
    )
    parts = (Tap(delay_ticks=0, share=0.75), Tap(delay_ticks=3, share=0.25))
    standing = replace(network.projections[0], standing=np.arange(4.0), taps=parts)
    entry = replace(network.inputs[0], start=tuple((0.5, 0.0, 0.25, 1.0) for _ in range(2)))
    return replace(
        network,
        populations=(started, replace(second, copies=(Copies(units=1, phases=2),))),
        projections=(standing, *network.projections[1:]),
        inputs=(entry, *network.inputs[1:]),
    )


def integer(payload_bits: int = 0) -> IntegerNetwork:
    network = levels.integer()
    start = tuple((0.5, 0.0, 0.25, 1.0) for _ in range(2))
    entry = replace(network.inputs[0], payload_bits=payload_bits, host_pole=0.5, start=start)
    first = replace(network.populations[0], u_initial=np.arange(4), copies=(Copies(units=2, phases=2),))
    fine = replace(network.projections[0], name="fine", refines=network.projections[0].name)
    return replace(
        network,
        populations=(first, *network.populations[1:]),
        projections=(*network.projections, fine),
        inputs=(entry,),
    )


def chip() -> ChipProgram:
    program = levels.chip()
    places = tuple(CorePlace(chip=core, x=2 * core, y=3 * core + 1) for core in range(program.cores))
    return replace(program, places=places)


def cores() -> CoreProgram:
    return core_program()


def changed(value: Any, hint: Any) -> Iterator[tuple[str, Any]]:
    """Values that differ from this one in one place, each with where."""
    if is_dataclass(value) and not isinstance(value, type):
        yield from changed_fields(value)
    elif isinstance(value, np.ndarray):
        yield from changed_entries(value)
    elif isinstance(value, tuple):
        inner, *rest = get_args(hint)
        for index, entry in enumerate(value):
            for path, other in changed(entry, inner):
                yield f"[{index}]{path}", (*value[:index], other, *value[index + 1 :])
        if rest == [Ellipsis] and value:
            yield from ((f" without {index}", value[:index] + value[index + 1 :]) for index in range(len(value)))
            yield " with one more", (*value, value[0])
    elif get_origin(hint) is Literal:
        yield from ((f" {other}", other) for other in get_args(hint) if other != value)
    else:
        yield from (("", other) for other in other_values(value))


def other_values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1,)
    if isinstance(value, float):
        # Shares are told in percent, to six digits; below 1e-9 they are what is left of rounding.
        return (value * (1 + 2e-5), 0.5 * value) if abs(value) > 1e-9 and np.isfinite(value) else (0.125,)
    assert isinstance(value, str), type(value)
    return (f"{value}x", f"{value} x")


def changed_entries(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """One entry after the other moved by as little as is told."""
    rng = np.random.default_rng(0)
    places = np.arange(array.size) if array.size <= ALL_ENTRIES else rng.permutation(array.size)[:ALL_ENTRIES]
    for place in places.tolist():
        other = array.copy()
        entry = other.flat[place]
        if array.dtype.kind == "f":
            other.flat[place] = entry * (1 + LEAST) if entry else 1e-12
        else:
            other.flat[place] = not entry if array.dtype.kind == "b" else int(entry) + (1 if entry < 100 else -1)
        yield f"[{place}]", other


def changed_fields(level: Any) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(type(level))
    for field in fields(level):
        name = f"{type(level).__name__}.{field.name}"
        for path, other in changed(getattr(level, field.name), hints[field.name]):
            if name in NOT_TOLD:
                continue
            try:
                made = replace(level, **{field.name: other})
            except ValueError:
                assert name in SHAPES or "shape" in path or is_matrix(level, field.name), name
                continue
            yield f" {name}{path}", made


def is_matrix(level: Any, name: str) -> bool:
    return isinstance(getattr(level, name), np.ndarray)


CASES: dict[str, Printed] = {
    "rate": rate(),
    "spiking": spiking(),
    "integer": integer(),
    "integer with payload": integer(payload_bits=24),
    "chip": chip(),
    "cores": cores(),
}


@pytest.mark.parametrize("name", CASES)
def test_whatever_differs_is_told(name: str) -> None:
    level = CASES[name]
    text, seen = print_level(level), set[str]()
    assert print_level(level) == text
    for path, other in changed_fields(level):
        assert print_level(other) != text, path
        seen.add(path.split("[")[0])
    assert len(seen) >= len(fields(level)) - 1  # nothing was passed over


@pytest.mark.parametrize("name", ["chip", "cores"])
def test_whatever_differs_is_told_where_tables_are_summed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip_printer, "MAX_ROUTES", 1)
    monkeypatch.setattr(core_printer, "MAX_GROUPS", 1)
    level = CASES[name]
    text = print_level(level)
    assert "summed over pairs of cores" in text or "by population and role" in text
    for path, other in changed_fields(level):
        assert print_level(other) != text, path


def test_no_field_is_left_out_of_the_walk() -> None:
    """Every field of every class that a level holds was changed, or fixes a shape."""
    held: set[str] = set()

    def walk(value: Any) -> None:
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                held.add(f"{type(value).__name__}.{field.name}")
                walk(getattr(value, field.name))
        elif isinstance(value, tuple):
            for entry in value:
                walk(entry)

    moved: set[str] = set()
    for level in CASES.values():
        walk(level)
        for path, _ in changed_fields(level):
            moved |= {part.split("[")[0].split(" ")[0] for part in path.split(" ") if "." in part}
    assert held - moved == SHAPES


def test_names_that_run_together_are_told_apart() -> None:
    circuit = rate()
    first, *rest = circuit.readouts
    two = replace(circuit, readouts=(replace(first, labels=("a", "b", "c d")), *rest))
    three = replace(circuit, readouts=(replace(first, labels=("a", "b", "c", "d")), *rest))
    quoted = replace(circuit, readouts=(replace(first, labels=("a", "b", '"c d"')), *rest))
    assert len({print_level(level) for level in (two, three, quoted)}) == 3
