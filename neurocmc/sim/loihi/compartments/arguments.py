"""Checks what a run of a compartment network is given: input, registers before tick 0, how many ticks and trials."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import Problem
from neurocmc.sim.checks import check_range, shape_of, whole_numbers
from neurocmc.sim.events import by_trial as in_order
from neurocmc.sim.loihi.compartments.kernel import Events
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, register_bounds
from neurocmc.sim.loihi.compartments.records import InputEvents

LARGEST_TICKS = 2**31 - 1
EMPTY = np.zeros(0, dtype=np.int32)


def inputs_of(
    inputs: Any, compartments: int, faults: list[Problem]
) -> tuple[NDArray[np.int32] | None, InputEvents | None]:
    """Returns the input as (batch, ticks, compartments), modulo 2^32 as every sum is, or as events."""
    if inputs is None or isinstance(inputs, InputEvents):
        return None, inputs
    whole = whole_numbers(inputs, "inputs", faults)
    if whole is None:
        return None, None
    if whole.ndim not in (2, 3) or whole.shape[-1] != compartments:
        what = f"shape {whole.shape}, the network has {compartments} compartments"
        faults.append(
            Problem("array-shape", "inputs", what, "give (batch, ticks, compartments) or (ticks, compartments)")
        )
        return None, None
    with np.errstate(over="ignore"):
        narrow = whole.astype(np.int32)
    return narrow if narrow.ndim == 3 else narrow[None], None


def extent(
    dense: NDArray[np.int32] | None,
    events: InputEvents | None,
    starts: Mapping[str, Any],
    ticks: int | None,
    batch: int | None,
    faults: list[Problem],
) -> tuple[int, int]:
    """Returns how many ticks and trials the arguments speak of, all of them the same."""
    told = {"ticks": ticks, "inputs": None if dense is None else dense.shape[1]}
    if all(value is None for value in told.values()) and not faults:
        faults.append(Problem("length-missing", "ticks", "the number of ticks is not given", "give ticks=..."))
    trials = {"batch": batch, "inputs": None if dense is None else dense.shape[0]}
    shapes = {name: shape_of(value) for name, value in starts.items()}
    trials |= {name: shape[0] for name, shape in shapes.items() if len(shape) == 2}
    if events is not None and batch is None:
        trials["inputs"] = max(int(events.trial.max(initial=0)) + 1, 1)
    return (
        _agreed(told, "ticks", (0, LARGEST_TICKS), 0, faults),
        _agreed(trials, "trials", (1, LARGEST_TICKS), 1, faults),
    )


def _agreed(
    told: Mapping[str, int | None], what: str, bounds: tuple[int, int], default: int, faults: list[Problem]
) -> int:
    """The one number that all arguments give. Two that differ are a fault."""
    known = {name: value for name, value in told.items() if value is not None}
    for name, value in known.items():
        check_range(np.asarray(value), name, bounds, faults, f"give a number of {what}")
    if len(set(known.values())) > 1:
        list_ = " and ".join(f"{name} has {value}" for name, value in known.items())
        faults.append(
            Problem(
                "lengths-differ", " and ".join(known), f"{list_} {what}", "give all of them the same number of ticks"
            )
        )
    return next(iter(known.values()), default)


def start(network: CompartmentNetwork, name: str, value: Any, batch: int, faults: list[Problem]) -> NDArray[np.int32]:
    """Returns (batch, compartments) registers before tick 0."""
    shape = (batch, network.compartments)
    if value is None:
        return np.broadcast_to(getattr(network, name).astype(np.int32), shape)
    whole = whole_numbers(value, name, faults)
    if whole is None:
        return np.zeros(shape, dtype=np.int32)
    if whole.shape not in (shape, shape[1:]):
        faults.append(
            Problem("array-shape", name, f"shape {whole.shape} is not {shape}", "give (batch, compartments)")
        )
        return np.zeros(shape, dtype=np.int32)
    check_range(whole, name, register_bounds(network.rule)[name], faults)
    return np.broadcast_to(whole.astype(np.int32), shape)


def by_trial(events: InputEvents | None, batch: int) -> list[Events]:
    """Returns for each trial the events in order of tick."""
    if events is None:
        return [Events(EMPTY, EMPTY, EMPTY)] * batch
    parts = in_order(events.trial, events.tick, (events.compartment, events.value), batch)
    return [Events(*part) for part in parts]
