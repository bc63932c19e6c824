"""The gate for checkpoint files: bytes from anywhere become a checked recipe, state dict and metrics, or InputError.

A checkpoint is a zip archive as `torch.save` writes it. Nothing of it is executed: only tensors and plain values are
unpickled (`weights_only=True`), and only after size and integrity of the archive were checked.
"""

import hashlib
import json
import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.circuits.swta import SwtaValues
from neurocmc.circuits.train import FORMAT, VERSION
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.ir.codec import is_unicode

MAX_BYTES = 64 * 1024 * 1024
FAMILIES = ("swta",)
_KEYS = ("format", "version", "family", "recipe", "seed", "metrics", "state_dict")
_RETRAIN = "train it again: neurocmc train RECIPE.yaml -o model.pt"
_MAX_LISTED = 8
_MAX_SHOWN = 60
_SHOWN_BITS = 128
_LARGEST_METRIC = 1e300  # an int beyond what a float holds is no measurement
_MAX_NODES = 10_000  # entries of a recipe: references to one list can stand for a list of any size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckpointFile:
    """What a sound checkpoint holds."""

    path: Path
    sha256: str
    family: str
    recipe: Recipe
    seed: int
    metrics: Mapping[str, float]
    model: DigitModel  # float32, as trained, in evaluation mode


def read_checkpoint_file(path: Path) -> CheckpointFile:
    """Read and check a checkpoint. Raises InputError holding everything that is wrong with it."""
    content = _content(path)
    where = str(path)
    plain = _unpickled(content, where)
    raise_input_problems(_header_problems(plain, where))
    recipe = _recipe(plain["recipe"], where)
    raise_input_problems(_seed_and_metrics_problems(plain, where))
    with torch.random.fork_rng(devices=[]):
        model = DigitModel(recipe)
    state = cast(dict[str, Tensor], plain["state_dict"])
    raise_input_problems(_state_problems(state, model.state_dict(), where))
    model.load_state_dict(state)
    values = model.circuit.values()
    raise_input_problems(_value_problems(values, where))
    return CheckpointFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        family=plain["family"],
        recipe=recipe,
        seed=plain["seed"],
        metrics=plain["metrics"],
        model=model.eval(),
    )


def _content(path: Path) -> bytes:
    where = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(Problem(where, "no such file", "check the path, or train a model first")) from None
    except IsADirectoryError:
        raise InputError(
            Problem(where, "is a directory, a checkpoint file is needed", "name the .pt in it")
        ) from None
    except OSError as error:
        raise InputError(
            Problem(where, f"cannot be read: {error.strerror or error}", "check its permissions")
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            Problem(where, f"is larger than {MAX_BYTES:,} bytes", "no circuit of neurocmc is; is it the right file?")
        )
    return content


def _unpickled(content: bytes, where: str) -> dict[str, Any]:
    """The plain data in the archive, after its size and its check sums were checked."""
    if problem := _archive_problem(content, where):
        raise InputError(problem)
    try:
        plain = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile or damaged pickle can fail in any way; all of them are the file's fault
        raise InputError(_load_problem(error, where)) from None
    if not isinstance(plain, dict):
        what = f"holds a {type(plain).__name__}, not the dict of a neurocmc checkpoint"
        raise InputError(Problem(where, what, _RETRAIN))
    return cast(dict[str, Any], plain)


def _archive_problem(content: bytes, where: str) -> Problem | None:
    if not content:
        return Problem(where, "is empty", _RETRAIN)
    if not content.startswith(b"PK\x03\x04"):
        if content[:1] == b"\x80":
            return Problem(
                where,
                "is a bare pickle, which can run any code when it is read; neurocmc does not open it",
                "load it where you trust it, and save it again with neurocmc's save_checkpoint",
            )
        return Problem(where, "is not a checkpoint: not a zip archive as torch.save writes it", _RETRAIN)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                return Problem(where, "holds compressed entries, which torch.save never writes", _RETRAIN)
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                return Problem(where, f"unpacks to more than {MAX_BYTES:,} bytes", _RETRAIN)
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return Problem(
            where,
            f"is truncated or damaged: {len(content):,} bytes that begin as a zip archive but are not a whole one",
            "copy or download it again, or train it again",
        )
    if damaged is not None:
        return Problem(where, f"is damaged: the check sum of {damaged} does not fit", "copy it again, or train again")
    return None


def _load_problem(error: Exception, where: str) -> Problem:
    if isinstance(error, pickle.UnpicklingError) and (found := re.search(r"GLOBAL ([\w.]+)", str(error))):
        return Problem(
            where,
            f"holds pickled objects ({found[1]}); a checkpoint may hold tensors and plain values only",
            "objects can run any code when they are read: save the state dict, not the module",
        )
    reason = (str(error).splitlines() or [""])[0][:160]
    return Problem(where, f"is not a checkpoint that torch can load ({type(error).__name__}: {reason})", _RETRAIN)


def _header_problems(plain: dict[str, Any], where: str) -> Iterable[Problem]:
    if plain.get("format") != FORMAT:
        got = f"got {_short(plain['format'])}" if "format" in plain else f"its keys are {_listed(plain)}"
        yield Problem(where, f"format should be {FORMAT!r} ({got})", _RETRAIN)
        return
    missing = [key for key in _KEYS if key not in plain]
    extra = [key for key in plain if key not in _KEYS]
    if missing:
        yield Problem(where, f"lacks {_listed(missing)}", _RETRAIN)
    if extra:
        yield Problem(
            where, f"holds unknown entries {_listed(extra)}", "remove them, or use the neurocmc they are from"
        )
    if "version" in plain and (type(plain["version"]) is not int or plain["version"] != VERSION):
        yield Problem(
            where, f"version {_short(plain['version'])} of the format; this neurocmc reads {VERSION}", _RETRAIN
        )
    if "family" in plain and plain["family"] not in FAMILIES:
        yield Problem(where, f"unknown family {_short(plain['family'])}", f"known families: {', '.join(FAMILIES)}")
    for key in ("recipe", "metrics", "state_dict"):
        if key in plain and not isinstance(plain[key], dict):
            yield Problem(where, f"{key} should be a dict (got {_short(plain[key])})", _RETRAIN)


def _recipe(data: dict[str, Any], where: str) -> Recipe:
    if _count_of(data) > _MAX_NODES:
        raise InputError(Problem(where, f"recipe holds more than {_MAX_NODES:,} values", _RETRAIN))
    try:
        data = json.loads(json.dumps(data))  # keys become texts, as in the YAML that recipes are written in
    except (TypeError, ValueError, RecursionError):
        raise InputError(Problem(where, "recipe holds more than plain values", _RETRAIN)) from None
    recipe, faults = checked(data, Recipe)
    if recipe is None:
        raise InputError(
            Problem(where, f"{field_name(('recipe', *fault.path))}: {fault.what}", fault.cure) for fault in faults
        )
    return recipe


def _count_of(data: object) -> int:
    """How many values nested dicts and lists hold, each as often as it is referred to; not more than the limit."""
    waiting, count = [data], 0
    while waiting and count <= _MAX_NODES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting.extend(cast(dict[Any, Any], value).values())
        elif isinstance(value, list | tuple):
            waiting.extend(cast(list[Any], value))
    return count


def _seed_and_metrics_problems(plain: dict[str, Any], where: str) -> Iterable[Problem]:
    if type(plain["seed"]) is not int:
        yield Problem(where, f"seed should be a whole number (got {_short(plain['seed'])})", _RETRAIN)
    for name, value in cast(dict[Any, Any], plain["metrics"]).items():
        if not isinstance(name, str) or not is_unicode(name):
            yield Problem(where, f"metrics holds a name that is not text ({_short(name)!a})", _RETRAIN)
        elif type(value) not in (int, float) or not abs(value) <= _LARGEST_METRIC:
            what = f"metrics.{name[:_MAX_SHOWN]} should be a finite number (got {_short(value)})"
            yield Problem(where, what, _RETRAIN)


def _state_problems(state: dict[str, Any], wanted: Mapping[str, Tensor], where: str) -> Iterable[Problem]:
    if missing := [name for name in wanted if name not in state]:
        yield Problem(where, f"state_dict lacks {_listed(missing)}", _RETRAIN)
    if extra := [name for name in state if name not in wanted]:
        yield Problem(where, f"state_dict holds unknown entries {_listed(extra)}", "remove them, or fix the recipe")
    for name, model_value in wanted.items():
        if name in state and (problem := _tensor_problem(name, state[name], model_value, where)):
            yield problem


def _tensor_problem(name: str, value: object, wanted: Tensor, where: str) -> Problem | None:
    if not isinstance(value, Tensor) or not _is_dense(value):
        return Problem(where, f"state_dict[{name}] should be a dense tensor (got {_short(value)})", _RETRAIN)
    if value.dtype != wanted.dtype:
        return Problem(where, f"state_dict[{name}] should be {wanted.dtype} (got {value.dtype})", _RETRAIN)
    if value.shape != wanted.shape:
        return Problem(
            where,
            f"state_dict[{name}] has shape {tuple(value.shape)}, the recipe's model {tuple(wanted.shape)}",
            "the recipe and the state dict belong to different models; train again",
        )
    wrong = ~torch.isfinite(value)
    if bool(wrong.any()):
        index = wrong.nonzero()[0].tolist()
        place = f"{name}[{', '.join(map(str, index))}]" if index else name
        more = f", one of {int(wrong.sum())} such values" if int(wrong.sum()) > 1 else ""
        return Problem(where, f"{place} is {float(value[tuple(index)])}{more}", "retrain, or repair the value")
    return None


def _is_dense(value: Tensor) -> bool:
    return value.layout is torch.strided and value.device.type == "cpu" and not value.is_nested


def _value_problems(values: SwtaValues, where: str) -> Iterable[Problem]:
    return (Problem(f"{where}: {problem.where}", problem.what, problem.cure) for problem in values.problems())


def _listed(names: Iterable[object]) -> str:
    found = [_short(name).strip("'") for name in names]
    more = f" and {len(found) - _MAX_LISTED} more" if len(found) > _MAX_LISTED else ""
    return ", ".join(found[:_MAX_LISTED]) + more if found else "none"


def _short(value: object) -> str:
    if isinstance(value, Tensor):
        return "nested tensor" if value.is_nested else f"tensor of shape {tuple(value.shape)}"
    if isinstance(value, int) and abs(value) >> _SHOWN_BITS:  # Python refuses to write out the very long ones
        return f"an int of {value.bit_length():,} bits"
    text = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
