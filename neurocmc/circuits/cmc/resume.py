"""Keeps the whole state of a training beside its checkpoint to be, so that one that was killed goes on from there.

The file is not trusted: it passes the checks of checkpoints, and then must hold what the training that is to go on
would itself have written, value by value.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from neurocmc.circuits.archive import listed, plain_values, read_archive, shown, state_problems, tensor_problem
from neurocmc.circuits.checkpoints import save_checkpoint
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import TRAINING_STATE

FORMAT = "neurocmc-training"
VERSION = 1
AGAIN = "to start from the beginning, leave --resume out, or delete this file"
_KEYS = ("format", "version", "identity", "state")
_MOMENTS = ("exp_avg", "exp_avg_sq")  # of Adam
_MOST_STEPS = 2**24  # that a float32 counts


def state_path(output: Path) -> Path:
    """Returns where the state of the training of `output` stands: `model.pt.resume` for `model.pt`."""
    return output.with_name(f"{output.name}.resume")


def write_state(output: Path, identity: dict[str, Any], state: dict[str, Any]) -> None:
    """Keeps the state of a training, whole or not at all. Raises InputError where it cannot be written."""
    save_checkpoint({"format": FORMAT, "version": VERSION, "identity": identity, "state": state}, state_path(output))


def read_state(
    output: Path, identity: dict[str, Any], now: Mapping[str, Any], parameters: Sequence[Tensor], epochs: int
) -> dict[str, Any]:
    """Reads the state last kept for `output`. Raises InputError if it is missing, damaged, or of another training.

    `identity` is what must not have changed: recipe, seed and data, as plain values. `now` is the state of the
    training that is to go on, before its first of `epochs` epochs, `parameters` what its optimiser moves: what is
    read has the same form.
    """
    path = state_path(output)
    where = str(path)
    if not path.exists():
        cure = "leave --resume out to start from the beginning"
        raise InputError(Problem("resume-nothing", where, "no such file: there is no training to resume", cure))
    kept = read_archive(path, TRAINING_STATE, AGAIN).plain
    if set(kept) != set(_KEYS) or kept["format"] != FORMAT or not _is_whole(kept["version"], VERSION, VERSION):
        raise InputError(
            Problem("resume-state-damaged", where, "is not the state of a training of this version", AGAIN)
        )
    there = plain_values(kept["identity"], "identity", where, AGAIN)
    if not isinstance(there, dict):
        raise InputError(
            Problem("resume-state-damaged", where, f"identity should be a dict (got {shown(there)})", AGAIN)
        )
    named, ours = cast(dict[str, Any], there), cast(dict[str, Any], plain_values(identity, "identity", where))
    if differ := sorted(name for name in ours.keys() | named.keys() if ours.get(name) != named.get(name)):
        what = f"was begun with another {listed(differ)}"
        raise InputError(
            Problem("resume-other-training", where, what, f"give the same recipe, seed and data; {AGAIN}")
        )
    state = kept["state"]
    if not isinstance(state, dict) or set(cast(dict[Any, Any], state)) != set(now):
        raise InputError(
            Problem("resume-state-damaged", where, f"state should hold {listed(now)} and nothing else", AGAIN)
        )
    checked = cast(dict[str, Any], state)
    raise_input_problems(_problems(checked, now, parameters, epochs, where))
    return checked


def _problems(
    state: dict[str, Any], now: Mapping[str, Any], parameters: Sequence[Tensor], epochs: int, where: str
) -> Iterable[Problem]:
    for name in ("model", "best_state"):
        yield from state_problems(state[name], now["model"], f"state.{name}", where, AGAIN)
    yield from _optimiser_problems(state["optimiser"], now["optimiser"], parameters, where)
    yield from _schedule_problems(state["schedule"], now["schedule"], where)
    if problem := tensor_problem(state["generator"], now["generator"], "state.generator", where, AGAIN):
        yield problem
    if not _is_whole(state["done"], 1, epochs):
        yield Problem(
            "resume-state-damaged", where, f"state.done should be 1 to {epochs} (got {shown(state['done'])})", AGAIN
        )
    elif not _is_whole(state["best_epoch"], 1, state["done"]):
        what = f"state.best_epoch should be 1 to {state['done']} (got {shown(state['best_epoch'])})"
        yield Problem("resume-state-damaged", where, what, AGAIN)
    if not _is_number(state["best"], 0.0, 1.0):
        yield Problem(
            "resume-state-damaged",
            where,
            f"state.best should be a share of 0 to 1 (got {shown(state['best'])})",
            AGAIN,
        )


def _optimiser_problems(
    state: object, now: Mapping[str, Any], parameters: Sequence[Tensor], where: str
) -> Iterable[Problem]:
    """Adam's groups must be those of now but for the learning rate, its moments those of the parameters."""
    name = "state.optimiser"
    if not isinstance(state, dict) or set(cast(dict[Any, Any], state)) != set(now):
        yield Problem("resume-state-damaged", where, f"{name} should hold {listed(now)} and nothing else", AGAIN)
        return
    held = cast(dict[str, Any], state)
    groups, own = (plain_values(entry["param_groups"], f"{name}.param_groups", where, AGAIN) for entry in (held, now))
    if not isinstance(groups, list) or not _same_groups(cast(list[Any], groups), own):
        yield Problem("resume-state-damaged", where, f"{name}.param_groups are not those of the recipe", AGAIN)
    moments = held["state"]
    if not isinstance(moments, dict) or not set(cast(dict[Any, Any], moments)) <= set(range(len(parameters))):
        yield Problem(
            "resume-state-damaged", where, f"{name}.state should be a dict of 0 to {len(parameters) - 1}", AGAIN
        )
        return
    for index, entry in cast(dict[int, Any], moments).items():
        yield from _moment_problems(entry, parameters[index], f"{name}.state[{index}]", where)


def _same_groups(groups: list[Any], now: list[dict[str, Any]]) -> bool:
    return len(groups) == len(now) and all(
        isinstance(held, dict)
        and {**cast(dict[str, Any], held), "lr": None} == {**own, "lr": None}
        and _is_number(cast(dict[str, Any], held).get("lr"), 0.0, own["initial_lr"])
        for held, own in zip(groups, now, strict=True)
    )


def _moment_problems(entry: object, parameter: Tensor, name: str, where: str) -> Iterable[Problem]:
    if not isinstance(entry, dict) or set(cast(dict[Any, Any], entry)) != {"step", *_MOMENTS}:
        yield Problem(
            "resume-state-damaged", where, f"{name} should hold step, {listed(_MOMENTS)} and nothing else", AGAIN
        )
        return
    held = cast(dict[str, Any], entry)
    found = [tensor_problem(held["step"], torch.zeros(()), f"{name}.step", where, AGAIN)]
    found += [tensor_problem(held[moment], parameter, f"{name}.{moment}", where, AGAIN) for moment in _MOMENTS]
    if any(found):
        yield from (problem for problem in found if problem)
    elif not 0 <= float(held["step"]) <= _MOST_STEPS or bool((held["exp_avg_sq"] < 0).any()):
        yield Problem("resume-state-damaged", where, f"{name} holds a number below 0, or too many steps", AGAIN)


def _schedule_problems(state: object, now: Mapping[str, Any], where: str) -> Iterable[Problem]:
    """What the schedule was given must be as now; what it counts has the same types, and is finite."""
    name = "state.schedule"
    held, own = (plain_values(entry, name, where, AGAIN) for entry in (state, now))
    if not isinstance(held, dict) or set(cast(dict[str, Any], held)) != set(now):
        yield Problem("resume-state-damaged", where, f"{name} should hold {listed(now)} and nothing else", AGAIN)
        return
    for key, value in cast(dict[str, Any], held).items():
        counted = key in ("last_epoch", "_step_count", "_last_lr")
        if not (_is_counted(value, own[key]) if counted else value == own[key]):
            yield Problem(
                "resume-state-damaged",
                where,
                f"{name}.{key} is not what the recipe's schedule has (got {shown(value)})",
                AGAIN,
            )


def _is_counted(value: object, own: object) -> bool:
    """Whether `value` is a count where `own` is one, or as many learning rates."""
    if isinstance(own, list):
        rates = cast(list[object], value) if isinstance(value, list) else []
        return len(rates) == len(cast(list[Any], own)) and all(_is_number(rate, 0.0, 1.0) for rate in rates)
    return _is_whole(value, 0, _MOST_STEPS)


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_number(value: object, low: float, high: float) -> bool:
    return type(value) in (int, float) and isfinite(cast(float, value)) and low <= cast(float, value) <= high
