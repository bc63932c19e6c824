"""Mutations of what torch.save writes: checkpoints and states of training."""

import copy
import io
import pickle
import zipfile
from random import Random
from typing import Any

import torch
from torch import Tensor

from tests.fuzz import arrays, raw, texts, trees

_DTYPES = (
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
    torch.complex64,
)
_NUMBERS = (float("nan"), float("inf"), -1.0, 0.0, 1e30, -1e30, 1e-40, 1.0)


def mutated(rng: Random, content: bytes) -> tuple[bytes, str]:
    """An archive with something changed in its tree, its tensors, its pickle or its zip, and what it was."""
    choice = rng.random()
    if choice < 0.12:
        return raw.mutated(rng, content)
    if choice < 0.3:
        return _zipped(rng, content)
    plain = torch.load(io.BytesIO(content), weights_only=True)
    if choice < 0.65:
        done = _other_tensor(rng, plain)
    else:
        plain, done = trees.mutated(rng, plain)
    stream = io.BytesIO()
    try:
        torch.save(plain, stream)
    except (RecursionError, RuntimeError, pickle.PicklingError):
        return raw.mutated(rng, content)
    return stream.getvalue(), done


def _other_tensor(rng: Random, plain: Any) -> str:
    found = [(container, key) for container, key in trees.places(plain) if isinstance(container[key], Tensor)]
    container, key = rng.choice(found)
    container[key], done = _changed(rng, container[key])
    return f"{key} {done}"


def _changed(rng: Random, tensor: Tensor) -> tuple[Any, str]:
    match rng.randrange(9):
        case 0:
            dtype = rng.choice(_DTYPES)
            return tensor.to(dtype), f"as {dtype}"
        case 1:
            shape = rng.choice(((0,), (), (1,), (*tensor.shape, 1), (2, *tensor.shape), (3, 3)))
            return torch.ones(shape, dtype=tensor.dtype), f"of shape {shape}"
        case 2:
            return torch.zeros(1, dtype=tensor.dtype).expand(rng.choice((10**6, 10**12))), "one number for very many"
        case 3:
            return tensor.to(torch.float32).reshape(-1).to_sparse(), "sparse"
        case 4:
            return rng.choice(
                (tensor.tolist(), None, arrays.Hostile(), texts.value(rng), tensor.to("meta"))
            ), "no dense tensor"
        case 5:
            return torch.nn.Parameter(tensor.to(torch.float32)), "a parameter"
        case _:
            changed, number = copy.deepcopy(tensor), rng.choice(_NUMBERS)
            if not changed.numel() or changed.dtype not in (torch.float32, torch.float64):
                return torch.zeros_like(changed), "zeros"
            if rng.random() < 0.3:
                return torch.full_like(changed, number), f"all {number}"
            changed.reshape(-1)[rng.randrange(changed.numel())] = number
            return changed, f"with a {number}"


def _zipped(rng: Random, content: bytes) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    program = next(name for name in members if name.endswith("data.pkl"))
    name = rng.choice(sorted(members))
    match rng.randrange(7):
        case 0:
            members[program] = rng.choice(
                (
                    pickle.dumps(arrays.Hostile()),
                    b"cos\nsystem\n(S'touch $FUZZ_CANARY'\ntR.",
                    b"c__builtin__\neval\n(S'1'\ntR.",
                    b"(" * 10**5 + b".",
                    b"]" + b"]\x94a" * 5000 + b".",
                    b"\x80\x02]q\x00" + b"h\x00a" * 100 + b".",
                    b"\x80\x02c" + b"a" * 10**5 + b"\nb\n.",
                    b"",
                    b"\x80\x05\x95" + b"\xff" * 8 + b".",
                )
            )
            return arrays.zip_of(members, zipfile.ZIP_STORED), "another pickle"
        case 1:
            members[program], done = raw.mutated(rng, members[program])
            return arrays.zip_of(members, zipfile.ZIP_STORED), f"its pickle: {done}"
        case 2:
            del members[name]
            return arrays.zip_of(members, zipfile.ZIP_STORED), f"{name} left out"
        case 3:
            members[name], done = raw.mutated(rng, members[name])
            return arrays.zip_of(members, zipfile.ZIP_STORED), f"{name}: {done}"
        case 4:
            return arrays.zip_of(members, zipfile.ZIP_DEFLATED), "compressed"
        case 5:
            members[name] = b"\0" * 10**8
            return arrays.zip_of(members, zipfile.ZIP_DEFLATED), f"{name} 100 MB of zeros"
        case _:
            members["archive/code/x.py"] = members["constants.pkl"] = b"import os; os.system('touch $FUZZ_CANARY')"
            return arrays.zip_of(members, zipfile.ZIP_STORED), "code beside it"
