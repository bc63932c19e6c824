"""Checks state dicts of the published canonical microcircuits: which keys, which shapes, which values.

Douglas, "Computing with Canonical Microcircuits" (2025). All sizes are read from the tensors: nodes, retinal
channels, hidden widths, classes and input channels.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from neurocmc.circuits.archive import Archive, is_dense, listed, not_finite, shown
from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import CHECKPOINT
from neurocmc.frontends.published.state import unwrapped

STEP = 0.05  # of the published Euler solver, in the model's unit of time
STEPS = 20
CLAMP = 100.0  # the published right-hand side clips every state to +-this
POPULATIONS = ("ss", "sp", "ii", "dp")  # spiny stellate, superficial pyramidal, interneurons, deep pyramidal
POOLED = 14  # pixels a side of a retinal map
MAX_NODES = 32
_PARTS = ("retina.", "input_projection.", "cmc.", "classifier.")
_MAX_KEYS_LISTED = 40
_MAX_FAULTS = 8
_SAVE_WHOLE = "save model.state_dict() of the whole published model (retina, projection, circuit, classifier)"
_ONE_MODEL = "the tensors belong to models of different sizes: save the state dict of one"


@dataclass(frozen=True, slots=True)
class _Width:
    """A size that is read from the tensors, times a factor."""

    of: str
    factor: int = 1


_NODES = _Width("nodes")
_STATES = _Width("nodes", 8)
_QUARTER = _Width("quarter of the retinal channels")
_CHANNELS = _Width("quarter of the retinal channels", 4)
_INPUT = _Width("input channels")
_MAPS = _Width("quarter of the retinal channels", 4 * POOLED * POOLED)
_PROJECTED = _Width("hidden width of the projection")
_HIDDEN = _Width("hidden width of the classifier")
_SECOND = _Width("second hidden width of the classifier")
_CLASSES = _Width("classes")
_Shape = tuple[int | _Width, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CmcValues:
    """The numbers of the microcircuits of a published model, node by node."""

    connectivity: Float  # (nodes, nodes): into the row's node from the column's; its diagonal is not used
    gains: Float  # (nodes, 12): G0 .. G11
    time_constants: Float  # (nodes, 4): T of ss, sp, ii, dp
    speed: Float  # (nodes,): s = 0.1 sigmoid(adaptation), a factor on the whole right-hand side
    slope: Float  # (nodes,): R of the sigmoids

    def __post_init__(self) -> None:
        nodes = len(self.speed)
        set_frozen(self, "connectivity", np.float64, (nodes, nodes))
        set_frozen(self, "gains", np.float64, (nodes, 12))
        set_frozen(self, "time_constants", np.float64, (nodes, len(POPULATIONS)))
        set_frozen(self, "speed", np.float64, (nodes,))
        set_frozen(self, "slope", np.float64, (nodes,))

    @property
    def nodes(self) -> int:
        return len(self.speed)

    @property
    def share(self) -> Float:
        """(nodes, 4) share d = h s / T of the way to its input that a filter goes in one step."""
        return STEP * self.speed[:, None] / self.time_constants


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedFile:
    """A sound state dict: its tensors in float64 (the numbers as saved), and the microcircuits apart."""

    path: Path
    sha256: str
    nodes: int
    input_channels: int
    retinal_channels: int
    hidden: int
    classes: int
    cmc: CmcValues
    state: Mapping[str, Tensor]
    stripped: Mapping[str, int]  # what was left out of names -> of how many

    def parameters(self, part: str) -> int:
        """Returns how many trained numbers the part (`retina`, `input_projection`, `cmc`, `classifier`) holds."""
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        return sum(
            value.numel()
            for name, value in self.state.items()
            if name.startswith(f"{part}.") and not name.endswith(statistics)
        )


def check_published(saved: Mapping[Any, Any], archive: Archive, path: Path) -> PublishedFile:
    """Checks a state dict of the published model. Raises InputError holding everything that is wrong with it."""
    where = str(path)
    found = unwrapped(saved, path)
    state = found.entries
    nodes = _count_nodes(state)
    if not 1 <= nodes <= MAX_NODES:
        cure = f"a circuit of more than {MAX_NODES} nodes is too large to read"
        raise InputError(Problem("tensor-shape", where, f"cmc.node_connectivity is for {nodes:,} nodes", cure))
    layout = _layout(nodes)
    problems = [*_key_problems(state, layout, where), *_type_problems(state, layout, where)]
    _raise_some(problems, where)
    tensors = {name: cast(Tensor, state[name]) for name in layout}
    sizes = {"nodes": nodes}
    _raise_some([*_shape_problems(tensors, layout, sizes, where)], where)
    _raise_some([p for name, value in tensors.items() if (p := not_finite(name, value, where))], where)
    exact = {name: value.detach().to(torch.float64) for name, value in tensors.items()}
    cmc = _cmc_values(exact, nodes)
    _raise_some([*_value_problems(exact, cmc, where)], where)
    return PublishedFile(
        path=path,
        sha256=archive.sha256,
        nodes=nodes,
        input_channels=sizes[_INPUT.of],
        retinal_channels=4 * sizes[_QUARTER.of],
        hidden=sizes[_PROJECTED.of],
        classes=sizes[_CLASSES.of],
        cmc=cmc,
        state=MappingProxyType(exact),
        stripped=MappingProxyType(dict(found.stripped)),
    )


def _raise_some(problems: list[Problem], where: str) -> None:
    """All problems where they are few; else the first, and how many more: an error should fit a screen."""
    if len(problems) > _MAX_FAULTS:
        rest = Problem(
            "more-faults",
            where,
            f"and {len(problems) - _MAX_FAULTS + 1} more faults of this kind",
            "fix these first",
        )
        problems = [*problems[: _MAX_FAULTS - 1], rest]
    raise_input_problems(problems)


def _count_nodes(state: Mapping[Any, Any]) -> int:
    connectivity = state.get("cmc.node_connectivity")
    if isinstance(connectivity, Tensor) and is_dense(connectivity) and connectivity.ndim == 2:
        return len(connectivity)
    numbers = [re.fullmatch(r"cmc\.[GT]\.(\d{1,3})", name) for name in state if isinstance(name, str)]
    return max((int(found[1]) + 1 for found in numbers if found), default=1)


def _layout(nodes: int) -> dict[str, _Shape]:
    """Every key of the state dict with its shape; the first key that holds a width decides it."""
    return {
        "cmc.node_connectivity": (_NODES, _NODES),
        "cmc.adaptation": (_NODES,),
        "cmc.R": (_NODES,),
        **{f"cmc.G.{node}": (12,) for node in range(nodes)},
        **{f"cmc.T.{node}": (len(POPULATIONS),) for node in range(nodes)},
        **_convolution("center_on", _QUARTER, _INPUT, 3),
        "retina.gain_control": (_CHANNELS,),
        **_convolution("center_off", _QUARTER, _INPUT, 3),
        **_convolution("surround_on", _QUARTER, _INPUT, 7),
        **_convolution("surround_off", _QUARTER, _INPUT, 7),
        **_convolution("combine", _CHANNELS, _CHANNELS, 1),
        **_convolution("lateral_inhibition", _CHANNELS, 1, 3),
        **_affine("input_projection.0", _PROJECTED, _MAPS),
        **_normalisation("input_projection.2", _PROJECTED),
        **_affine("input_projection.3", _STATES, _PROJECTED),
        **_affine("classifier.0", _HIDDEN, _STATES),
        **_normalisation("classifier.2", _HIDDEN),
        **_affine("classifier.4", _SECOND, _HIDDEN),
        **_normalisation("classifier.6", _SECOND),
        **_affine("classifier.8", _CLASSES, _SECOND),
    }


def _convolution(name: str, out: _Width, into: int | _Width, side: int) -> dict[str, _Shape]:
    return {f"retina.{name}.weight": (out, into, side, side), f"retina.{name}.bias": (out,)}


def _affine(name: str, out: _Width, into: _Width) -> dict[str, _Shape]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _normalisation(name: str, width: _Width) -> dict[str, _Shape]:
    entries: dict[str, _Shape] = {
        f"{name}.{field}": (width,) for field in ("weight", "bias", "running_mean", "running_var")
    }
    return entries | {f"{name}.num_batches_tracked": ()}


def _key_problems(state: Mapping[Any, Any], layout: Mapping[str, _Shape], where: str) -> Iterable[Problem]:
    if missing := [name for name in layout if name not in state]:
        yield Problem(
            "entries-missing",
            where,
            f"the published model's state dict lacks {listed(missing, _MAX_KEYS_LISTED)}",
            _SAVE_WHOLE,
        )
    if extra := [name for name in state if name not in layout]:
        what = f"the state dict holds entries that the published model has not: {listed(extra, _MAX_KEYS_LISTED)}"
        yield Problem(
            "entries-unknown",
            where,
            what,
            "remove them if they mean nothing; a model changed by hand cannot be imported",
        )


def _type_problems(state: Mapping[Any, Any], layout: Mapping[str, _Shape], where: str) -> Iterable[Problem]:
    claimed = 0
    for name in layout:
        if name not in state:
            continue
        value = state[name]
        if not isinstance(value, Tensor) or not is_dense(value):
            yield Problem("tensor-type", where, f"{name} should be a dense tensor (got {shown(value)})", _SAVE_WHOLE)
            continue
        wanted = (torch.int64,) if name.endswith("num_batches_tracked") else (torch.float32, torch.float64)
        if value.dtype not in wanted:
            yield Problem(
                "tensor-type",
                where,
                f"{name} should be {' or '.join(map(str, wanted))} (got {value.dtype})",
                "save it unconverted",
            )
        claimed += value.numel() * value.element_size()
        if claimed > CHECKPOINT.max_bytes:  # one stored number can stand for any number of them
            yield Problem(
                "tensor-shape",
                where,
                f"{name} has shape {tuple(value.shape)}: more than a file can hold",
                _SAVE_WHOLE,
            )
            return


def _shape_problems(
    tensors: Mapping[str, Tensor], layout: Mapping[str, _Shape], sizes: dict[str, int], where: str
) -> Iterable[Problem]:
    """Compares shapes with the layout and fills `sizes`: the first tensor that holds a width decides it."""
    for name, shape in layout.items():
        found = tuple(tensors[name].shape)
        if len(found) != len(shape):
            wanted = f"{len(shape)} dimensions"
        else:
            for size, length in zip(shape, found, strict=True):
                if isinstance(size, _Width) and length > 0 and length % size.factor == 0:
                    sizes.setdefault(size.of, length // size.factor)
            wanted = str(_wanted(shape, sizes)).replace("None", "any")
        if len(found) != len(shape) or found != _wanted(shape, sizes):
            yield Problem(
                "tensor-shape",
                where,
                f"{name} has shape {found}, wanted is {wanted}{_because(shape, sizes)}",
                _ONE_MODEL,
            )


def _wanted(shape: _Shape, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
    return tuple(
        size if isinstance(size, int) else size.factor * sizes[size.of] if size.of in sizes else None
        for size in shape
    )


def _because(shape: _Shape, sizes: Mapping[str, int]) -> str:
    widths = dict.fromkeys(size.of for size in shape if isinstance(size, _Width) and size.of in sizes)
    return f" ({', '.join(f'{width}: {sizes[width]:,}' for width in widths)})" if widths else ""


def _cmc_values(state: Mapping[str, Tensor], nodes: int) -> CmcValues:
    return CmcValues(
        connectivity=state["cmc.node_connectivity"].numpy(),
        gains=np.stack([state[f"cmc.G.{node}"].numpy() for node in range(nodes)]),
        time_constants=np.stack([state[f"cmc.T.{node}"].numpy() for node in range(nodes)]),
        speed=(0.1 * torch.sigmoid(state["cmc.adaptation"])).numpy(),
        slope=state["cmc.R"].numpy(),
    )


def _value_problems(state: Mapping[str, Tensor], cmc: CmcValues, where: str) -> Iterable[Problem]:
    for name, value in state.items():
        if name.endswith("running_var") and bool((value < 0).any()):
            unit = int((value < 0).nonzero()[0])
            yield Problem(
                "variance-negative", where, f"{name}[{unit}] is {float(value[unit]):g}, a variance below 0", "retrain"
            )
    for node, population in np.ndindex(cmc.nodes, len(POPULATIONS)):
        time, speed = float(cmc.time_constants[node, population]), float(cmc.speed[node])
        place = f"cmc.T.{node}[{population}] ({POPULATIONS[population]} of node {node}) is {time:g}"
        if not time > 0:
            yield Problem(
                "filter-unstable",
                where,
                f"{place}: a filter with such a time constant grows without bound",
                "keep T above 0",
            )
        elif not STEP * speed < time:
            what = f"{place}: Euler's step of {STEP} overshoots unless T is above {STEP * speed:.4g}"
            yield Problem(
                "filter-unstable",
                where,
                what,
                "such a filter alternates from step to step and has no time constant: retrain",
            )
        elif not STEP * speed > 1e-6 * time:
            what = f"{place} with s = {speed:g}: a step moves it by less than a millionth"
            yield Problem(
                "filter-still",
                where,
                what,
                "the filter stands still: retrain with a larger adaptation or a smaller T",
            )
    for node in np.flatnonzero(cmc.slope == 0):
        yield Problem("filter-still", where, f"cmc.R[{node}] is 0: the rates of node {node} never change", "retrain")
