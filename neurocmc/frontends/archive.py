"""The outer gate for model files: a zip archive of torch.save becomes plain data and dense tensors, or InputError.

Nothing of an archive is executed: only tensors and plain values are unpickled (`weights_only=True`), and only after
its size and the check sums of its entries were checked.
"""

import hashlib
import pickle
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from neurocmc.common.errors import InputError, Problem

MAX_BYTES = 64 * 1024 * 1024
RETRAIN = "train it again: neurocmc train RECIPE.yaml -o model.pt"
TOO_LARGE = "no circuit of neurocmc is; is it the right file?"
MAX_SHOWN = 60  # characters of a value from the file in a message
ENCRYPTED = 0x1  # flag of an entry of a zip archive
_MAX_LISTED = 8
_SHOWN_BITS = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Archive:
    """What a sound archive holds; its plain data are unchecked beyond that."""

    sha256: str
    plain: dict[Any, Any]


def read_archive(path: Path) -> Archive:
    """Read and unpickle a file of torch.save. Raises InputError where it is none, damaged, or holds objects."""
    where = str(path)
    content = _content(path)
    if problem := _archive_problem(content, where):
        raise InputError(problem)
    try:
        plain = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile or damaged pickle can fail in any way; all of them are the file's fault
        raise InputError(_load_problem(error, where)) from None
    if not isinstance(plain, dict):
        what = f"holds a {type(plain).__name__}, not the dict of a neurocmc checkpoint"
        raise InputError(Problem(where, what, RETRAIN))
    return Archive(sha256=hashlib.sha256(content).hexdigest(), plain=cast(dict[Any, Any], plain))


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
        raise InputError(Problem(where, f"is larger than {MAX_BYTES:,} bytes", TOO_LARGE))
    return content


def _archive_problem(content: bytes, where: str) -> Problem | None:
    if not content:
        return Problem(where, "is empty", RETRAIN)
    if not content.startswith(b"PK\x03\x04"):
        if content[:1] == b"\x80":
            return Problem(
                where,
                "is a bare pickle, which can run any code when it is read; neurocmc does not open it",
                "load it where you trust it, and save it again with neurocmc's save_checkpoint",
            )
        return Problem(where, "is not a checkpoint: not a zip archive as torch.save writes it", RETRAIN)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                what = "holds compressed entries, which torch.save never writes"
                return Problem(where, what, "give the file that torch.save wrote, or save it again")
            if any(entry.flag_bits & ENCRYPTED for entry in entries):
                return Problem(where, "holds encrypted entries", "give the file that torch.save wrote")
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                return Problem(where, f"unpacks to more than {MAX_BYTES:,} bytes", TOO_LARGE)
            damaged = archive.testzip()
    except NotImplementedError as error:
        what = f"is a zip archive of a kind that cannot be unpacked here ({error})"
        return Problem(where, what, "give the file that torch.save wrote, or save it again")
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError):
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
    return Problem(where, f"is not a checkpoint that torch can load ({type(error).__name__}: {reason})", RETRAIN)


def is_dense(value: Tensor) -> bool:
    """Whether a tensor has its numbers in memory, in the usual order."""
    return value.layout is torch.strided and value.device.type == "cpu" and not value.is_nested


def not_finite(name: str, value: Tensor, where: str) -> Problem | None:
    """The fault of a tensor that holds NaN or infinity: its first such place, and how many there are."""
    wrong = ~torch.isfinite(value)
    if not bool(wrong.any()):
        return None
    index = wrong.nonzero()[0].tolist()
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    more = f", one of {int(wrong.sum())} such values" if int(wrong.sum()) > 1 else ""
    return Problem(where, f"{place} is {float(value[tuple(index)])}{more}", "retrain, or repair the value")


def listed(names: Iterable[object], most: int = _MAX_LISTED) -> str:
    """Names from a file for a message: the first `most`, shortened, and how many more there are."""
    found = [shown(name).strip("'") for name in names]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more if found else "none"


def shown(value: object) -> str:
    """Any value from a file for a message: short, and safe to print."""
    if isinstance(value, Tensor):
        return "nested tensor" if value.is_nested else f"tensor of shape {tuple(value.shape)}"
    if isinstance(value, int) and abs(value) >> _SHOWN_BITS:  # Python refuses to write out the very long ones
        return f"an int of {value.bit_length():,} bits"
    text = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
