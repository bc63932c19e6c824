"""Reads a zip archive of torch.save as plain data and dense tensors, or raises InputError.

Nothing of an archive is executed: only tensors and plain values are unpickled (`weights_only=True`), and only after
its size and the check sums of its entries were checked.
"""

import hashlib
import json
import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.opening import CHECKPOINT, FileKind, read_bytes

RETRAIN = "train it again: neurocmc train RECIPE.yaml -o model.pt"
SAVED = "give the file that torch.save wrote, or save it again"
MAX_SHOWN = 60  # characters of a value from the file in a message
ENCRYPTED = 0x1  # flag of an entry of a zip archive
PICKLE = "data.pkl"  # the entry that torch unpickles
MAX_PICKLE_BYTES = 2**20
MAX_TEXT = 4096
_MAX_NODES = 10_000  # plain values: references to one list can stand for a list of any size
_MAX_LISTED = 8
_SHOWN_BITS = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Archive:
    """The content of a sound archive; its plain data are unchecked beyond that."""

    sha256: str
    plain: dict[Any, Any]


def read_archive(path: Path, kind: FileKind = CHECKPOINT, cure: str = RETRAIN) -> Archive:
    """Reads and unpickles a file of torch.save.

    Raises InputError where it is none, damaged, or holds objects; `cure` says what to do instead.
    """
    return archive_of(read_bytes(path, kind), str(path), kind, cure)


def archive_of(content: bytes, where: str, kind: FileKind = CHECKPOINT, cure: str = RETRAIN) -> Archive:
    """Unpickles the content of such a file. Raises InputError as `read_archive`, which names it `where`."""
    if problem := _archive_problem(content, where, kind, cure):
        raise InputError(problem)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of odd pickles, which are refused or are none
            plain = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile or damaged pickle can fail in any way; all of them are the file's fault
        raise InputError(_load_problem(error, where, kind, cure)) from None
    if not isinstance(plain, dict):
        what = f"holds a {type(plain).__name__}, not the dict of {kind.called}"
        raise InputError(Problem("entry-not-a-dict", where, what, cure))
    return Archive(sha256=hashlib.sha256(content).hexdigest(), plain=cast(dict[Any, Any], plain))


def _archive_problem(content: bytes, where: str, kind: FileKind, cure: str) -> Problem | None:
    if not content:
        return Problem("file-empty", where, "is empty", cure)
    if not content.startswith(b"PK\x03\x04"):
        if content[:1] == b"\x80":
            return Problem(
                "pickle-unsafe",
                where,
                "is a bare pickle, which can run any code when it is read; neurocmc does not open it",
                "if you trust the file, load it yourself and save it again with neurocmc's save_checkpoint",
            )
        return Problem(
            "archive-unreadable", where, f"is not {kind.called}: not a zip archive as torch.save writes it", cure
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                what = "holds compressed entries, which torch.save never writes"
                return Problem("archive-unreadable", where, what, SAVED)
            if any(entry.flag_bits & ENCRYPTED for entry in entries):
                return Problem("archive-unreadable", where, "holds encrypted entries", SAVED)
            if sum(entry.file_size for entry in entries) > kind.max_bytes:
                return Problem(
                    "file-too-large", where, f"unpacks to more than {kind.max_bytes:,} bytes", kind.if_larger
                )
            damaged = archive.testzip()
            if damaged is None and (problem := _pickle_problem(archive, where, kind)):
                return problem
    except NotImplementedError as error:
        what = f"is a zip archive that cannot be unpacked here ({error})"
        return Problem("archive-unreadable", where, what, SAVED)
    except Exception:  # zipfile meets damage with whatever it happens to raise: struct.error, UnicodeDecodeError
        return Problem(
            "file-damaged",
            where,
            f"is truncated or damaged: {len(content):,} bytes begin as a zip archive, but are not a complete one",
            "copy or download it again, or train it again",
        )
    if damaged is not None:
        return Problem(
            "file-damaged",
            where,
            f"is damaged: the check sum of {damaged} does not match",
            "copy it again, or train again",
        )
    return None


def _pickle_problem(archive: zipfile.ZipFile, where: str, kind: FileKind) -> Problem | None:
    """What would keep torch busy for hours: a long pickle (tensors stand beside it), or a long name in it.

    torch searches what it refuses with an expression whose time grows with the square of its length.
    """
    for entry in archive.infolist():
        if not entry.filename.endswith(PICKLE):
            continue
        if entry.file_size > MAX_PICKLE_BYTES:
            what = f"its pickle is of {entry.file_size:,} bytes, {kind.called} has at most {MAX_PICKLE_BYTES:,}"
            return Problem("pickle-too-large", where, what, SAVED)
        try:
            for _, argument, _ in pickletools.genops(archive.read(entry)):
                if isinstance(argument, str | bytes) and len(argument) > MAX_TEXT:
                    what = f"its pickle holds a text of {len(argument):,} characters, at most {MAX_TEXT:,} are read"
                    return Problem("pickle-too-large", where, what, SAVED)
        except Exception:  # what is no pickle torch does not read either, and says why
            continue
    return None


def _load_problem(error: Exception, where: str, kind: FileKind, cure: str) -> Problem:
    if isinstance(error, pickle.UnpicklingError) and (found := re.search(r"GLOBAL ([\w.]+)", str(error))):
        return Problem(
            "pickle-unsafe",
            where,
            f"holds pickled objects ({found[1]}); {kind.called} may hold tensors and plain values only",
            "objects can run any code when they are read: save the state dict, not the module",
        )
    reason = (str(error).splitlines() or [""])[0][:160]
    return Problem(
        "archive-unreadable",
        where,
        f"is not {kind.called} that torch can load ({type(error).__name__}: {reason})",
        cure,
    )


def plain_values(data: object, name: str, where: str, cure: str = RETRAIN) -> Any:
    """Returns `data`, called `name` in its file, as JSON has it: keys become texts, tuples lists.

    Raises InputError for more than plain values, and for more of them than a recipe has.
    """
    if _count_of(data) > _MAX_NODES:
        what = f"{name} holds more than {_MAX_NODES:,} values"
        raise InputError(Problem("recipe-not-plain", where, what, f"no recipe of neurocmc does; {cure}"))
    try:
        return json.loads(json.dumps(data))
    except (TypeError, ValueError, RecursionError):
        raise InputError(Problem("recipe-not-plain", where, f"{name} holds more than plain values", cure)) from None


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


def state_problems(
    state: object, wanted: Mapping[str, Tensor], name: str, where: str, cure: str = RETRAIN
) -> Iterable[Problem]:
    """Yields why `state`, called `name` in its file, cannot be the state dict of the model that `wanted` is of."""
    if not isinstance(state, dict):
        yield Problem("entry-not-a-dict", where, f"{name} should be a dict (got {shown(state)})", cure)
        return
    values = cast(dict[Any, Any], state)
    if missing := [entry for entry in wanted if entry not in values]:
        yield Problem("entries-missing", where, f"{name} lacks {listed(missing)}", cure)
    if extra := [entry for entry in values if entry not in wanted]:
        yield Problem(
            "entries-unknown",
            where,
            f"{name} holds unknown entries {listed(extra)}",
            "remove them, or fix the recipe",
        )
    for entry, model_value in wanted.items():
        if entry in values and (
            problem := tensor_problem(values[entry], model_value, f"{name}[{entry}]", where, cure)
        ):
            yield problem


def tensor_problem(value: object, wanted: Tensor, name: str, where: str, cure: str = RETRAIN) -> Problem | None:
    """Returns why `value` cannot stand in the place of the tensor `wanted`: form, type, shape, or NaN in it."""
    if not isinstance(value, Tensor) or not is_dense(value):
        return Problem("tensor-type", where, f"{name} should be a dense tensor (got {shown(value)})", cure)
    if value.requires_grad:  # numbers that came with a calculation of gradients would take part in it
        return Problem("tensor-type", where, f"{name} is a parameter, a tensor without gradients is needed", cure)
    if value.dtype != wanted.dtype:
        return Problem("tensor-type", where, f"{name} should be {wanted.dtype} (got {value.dtype})", cure)
    if value.shape != wanted.shape:
        what = f"{name} has shape {tuple(value.shape)}, the recipe's model {tuple(wanted.shape)}"
        return Problem("tensor-shape", where, what, f"the recipe and the file belong to different models; {cure}")
    return not_finite(name, value, where)


def is_dense(value: Tensor) -> bool:
    """Whether a tensor has its numbers in memory, in the usual order."""
    return value.layout is torch.strided and value.device.type == "cpu" and not value.is_nested


def not_finite(name: str, value: Tensor, where: str) -> Problem | None:
    """Returns the fault of a tensor that holds NaN or infinity: its first such place, and how many there are."""
    wrong = ~torch.isfinite(value)
    if not bool(wrong.any()):
        return None
    index = wrong.nonzero()[0].tolist()
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    more = f", one of {int(wrong.sum())} such values" if int(wrong.sum()) > 1 else ""
    return Problem(
        "value-not-finite", where, f"{place} is {float(value[tuple(index)])}{more}", "retrain, or repair the value"
    )


def listed(names: Iterable[object], most: int = _MAX_LISTED) -> str:
    """Returns the names from a file for a message: the first `most`, shortened, and how many more there are."""
    found = [shown(name).strip("'") for name in names]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more if found else "none"


def shown(value: object) -> str:
    """Returns any value from a file for a message: short, and safe to print."""
    if isinstance(value, Tensor):
        return "nested tensor" if value.is_nested else f"tensor of shape {tuple(value.shape)}"
    if isinstance(value, int) and abs(value) >> _SHOWN_BITS:  # Python refuses to write out the very long ones
        return f"an int of {value.bit_length():,} bits"
    text = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
