"""Takes a recurrent cell out of a torch module, whatever way it is written, or says why it is none.

A module is asked for one step: as `cell(x, h)`, or as a layer of `nn.RNN`, in float64 and in evaluation mode. What it
computes is recognised (`arrays.recognise`). Every parameter must have an effect on the step, or belong to the
readout.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.frontends.arrays.cell import Cell
from neurocmc.frontends.arrays.recognise import NotRecognisedError, Probe, recognise
from neurocmc.ir.rate import HostLayer

WHERE = "cell"
_PERTURBED = 1e-3  # of a parameter, to see whether a step depends on it
_GATED = (nn.LSTM, nn.LSTMCell, nn.GRU, nn.GRUCell)


def cell_of(module: nn.Module, inputs: int, initial: Float | None, readout: nn.Module | None) -> tuple[Cell, float]:
    """Returns the cell that a module steps, and how far it is from the module's own step, relative.

    Args:
        module: Called as `module(x, h)` with (batch, inputs) and (batch, units), or an `nn.RNN`.
        inputs: m, numbers in x.
        initial: (units,) the state before the first step, or None for zeros of as many units as the module has.
        readout: A part of the module that no step uses.

    Raises:
        InputError: With what does not fit: gates, two nonlinearities, randomness, a parameter that is not used.
    """
    if isinstance(module, _GATED):
        _refuse(f"a {type(module).__name__} has gates: states and inputs are multiplied by one another")
    own = deepcopy(module).double().eval()
    step = _step_of(own)
    start = np.zeros(_units(module)) if initial is None else initial

    def stepping(x: Float, h: Float) -> Float:
        with torch.no_grad():
            return step(torch.tensor(x), torch.tensor(h)).numpy()

    _check_calls(stepping, inputs, start)
    try:
        cell, difference = recognise(_probing(step), stepping, inputs, start)
    except NotRecognisedError as why:
        _refuse(str(why))
    _check_parameters(own, stepping, inputs, start, _names_of(module, readout))
    return cell, difference


def layers_of(readout: nn.Module, units: int) -> tuple[HostLayer, ...]:
    """Returns a readout as affine layers with rectifiers between them.

    Raises:
        InputError: For a module that is not an `nn.Linear`, or such ones and `nn.ReLU` in an `nn.Sequential`.
    """
    parts = list(readout) if isinstance(readout, nn.Sequential) else [readout]
    found: list[HostLayer] = []
    for part in parts:
        if isinstance(part, nn.Linear) and (not found or found[-1].rectify):
            bias = np.zeros(part.out_features) if part.bias is None else part.bias.detach().double().numpy()
            found.append(HostLayer(weight=part.weight.detach().double().numpy(), bias=bias, rectify=False))
        elif isinstance(part, nn.ReLU) and found and not found[-1].rectify:
            found[-1] = HostLayer(weight=found[-1].weight, bias=found[-1].bias, rectify=True)
        elif not isinstance(part, nn.Identity | nn.Dropout):
            what = f"{type(part).__name__} is not a layer that the host can use as a readout"
            cure = "give an nn.Linear, or an nn.Sequential of nn.Linear and nn.ReLU that ends with an nn.Linear"
            raise InputError(Problem("module-not-recognised", "readout", what, cure))
    if not found or found[-1].rectify or found[0].weight.shape[1] != units:
        what = "it does not map the units of the cell to answers by affine layers"
        cure = f"give an nn.Linear of {units} inputs, or an nn.Sequential that begins and ends with an nn.Linear"
        raise InputError(Problem("module-not-recognised", "readout", what, cure))
    return tuple(found)


def _refuse(what: str) -> NoReturn:
    cure = (
        "a cell is h' = (1 - a) h + a phi(W h + U x + b), or with the filter before phi; phi is relu, tanh, sigmoid, "
        "softplus or linear"
    )
    raise InputError(Problem("module-not-recognised", WHERE, what, cure))


def _units(module: nn.Module) -> int:
    for name in ("hidden_size", "units", "hidden", "n_units"):
        if isinstance(size := getattr(module, name, None), int):
            return size
    cure = "give sample=(x, h), or initial=, with a number for each unit"
    raise InputError(Problem("values-count", WHERE, "the module does not say how many units it has", cure))


def _step_of(module: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    """One step of many trials, whatever the module returns beside the state."""
    if isinstance(module, nn.RNN):
        if module.num_layers != 1 or module.bidirectional:
            _refuse("an nn.RNN with several layers or directions is several cells in one step")

        def layer(x: Tensor, h: Tensor) -> Tensor:
            ticks = 1 if module.batch_first else 0
            return module(x.unsqueeze(ticks), h.unsqueeze(0))[1][0]

        return layer

    def step(x: Tensor, h: Tensor) -> Tensor:
        told = module(x, h)
        for part in reversed(told) if isinstance(told, tuple | list) else (told,):
            if isinstance(part, Tensor) and part.shape == h.shape:
                return part
        raise TypeError(f"it returns {_shapes(told)}, a state is {tuple(h.shape)}")

    return step


def _shapes(told: object) -> str:
    parts: Sequence[object] = told if isinstance(told, tuple | list) else (told,)
    return ", ".join(str(tuple(p.shape)) if isinstance(p, Tensor) else type(p).__name__ for p in parts)


def _check_calls(stepping: Callable[[Float, Float], Float], inputs: int, start: Float) -> None:
    """Refuses a module that cannot be called as a cell, or gives another answer the second time."""
    rng = np.random.default_rng(0)
    x, h = rng.normal(size=(3, inputs)), np.tile(start, (3, 1)) + rng.normal(size=(3, start.size))
    try:
        first, second = stepping(x, h), stepping(x, h)
    except Exception as error:  # whatever a person's own code raises
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        what = f"a step of {inputs} inputs and {start.size} units fails ({reason})"
        cure = "a cell is called with x (batch, inputs) and h (batch, units), and returns the next h"
        raise InputError(Problem("module-not-recognised", WHERE, what, cure)) from None
    if not np.array_equal(first, second):
        _refuse("it is random: two steps from the same state differ, even in evaluation mode")
    if not np.isfinite(first).all():
        _refuse("a step gives numbers that are not finite")


def _probing(step: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Float, Float], Probe]:
    def probing(x: Float, h: Float) -> Probe:
        def one(given_x: Tensor, given_h: Tensor) -> Tensor:
            return step(given_x[None], given_h[None])[0]

        at = torch.tensor(x), torch.tensor(h)
        by_x, by_h = torch.autograd.functional.jacobian(one, at)
        return Probe(x=x, h=h, y=one(*at).detach().numpy(), by_x=by_x.numpy(), by_h=by_h.numpy())

    return probing


def _names_of(module: nn.Module, readout: nn.Module | None) -> frozenset[str]:
    """Parameters of the module that belong to the readout."""
    apart = set() if readout is None else {id(parameter) for parameter in readout.parameters()}
    return frozenset(name for name, parameter in module.named_parameters() if id(parameter) in apart)


def _check_parameters(
    own: nn.Module,
    stepping: Callable[[Float, Float], Float],
    inputs: int,
    start: Float,
    apart: Iterable[str],
) -> None:
    """Refuses a parameter that no step depends on: what it was meant for would be lost without a word."""
    rng = np.random.default_rng(1)
    x, h = 0.5 * rng.normal(size=(16, inputs)), 0.5 * rng.normal(size=(16, start.size))
    before, unused = stepping(x, h), list[str]()
    for name, parameter in own.named_parameters():
        if name in apart:
            continue
        kept = parameter.detach().clone()
        with torch.no_grad():
            parameter += (
                _PERTURBED * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)).double()
            )
            if np.array_equal(stepping(x, h), before):
                unused.append(name)
            parameter.copy_(kept)
    if unused:
        what = f"no step depends on {', '.join(unused)}"
        cure = "pass the readout that they belong to as readout=, or leave them out of the module"
        raise InputError(Problem("parameter-unused", WHERE, what, cure))
