"""Is a layer of excitation and inhibition in torch, with its start, its gradient and its guard; needs torch.

Liu, Ding & Yu, *Training Deep Normalization-Free Spiking Neural Networks with Lateral Inhibition*, ICLR 2026
(arXiv:2509.23253). `equations` has what the layer computes.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.common.errors import InputError, Problem
from neurocmc.literature.ei_layers.equations import EiLayer
from neurocmc.literature.ei_layers.recipe import OF_INHIBITION, Division, LayersRecipe


class EiLinear(nn.Module):
    """A layer of excitatory units, and a quarter as many inhibitory ones that are linear."""

    held: Tensor

    def __init__(self, inputs: int, units: int, division: Division, recipe: LayersRecipe) -> None:
        super().__init__()
        inhibitory = units // OF_INHIBITION
        self.division: Division = division
        self.scaled = recipe.gradient == "ei"
        rows = 1 if division == "one" else units
        self.w_ee = nn.Parameter(torch.empty(units, inputs))
        self.w_ie = nn.Parameter(torch.empty(inhibitory, inputs))
        self.w_ei = nn.Parameter(torch.empty(rows, inhibitory))
        self.g_e = nn.Parameter(torch.ones(units))
        self.g_i = nn.Parameter(torch.ones(inhibitory))
        self.bias = nn.Parameter(torch.zeros(units))
        self.register_buffer("held", torch.ones(1))
        for weight in (self.w_ee, self.w_ie, self.w_ei):  # as nn.Linear starts, without the signs
            nn.init.uniform_(weight, 0.0, weight.shape[1] ** -0.5)

    @property
    def inputs(self) -> int:
        """How many inputs it has, d of the paper."""
        return self.w_ee.shape[1]

    @torch.no_grad()
    def start(self, inputs: Tensor) -> None:
        """Draws the weights so that currents have a mean of 0 and a variance of 1 over inputs like these.

        W_ee and W_ie are exponential with mean sqrt(Var x / (d E[x^2])), W_ei is 1 over the inhibitory units, so that
        inhibition takes away the mean. g_I = sqrt(E[x^2] / d) / E[x] makes the denominator sqrt(Var x), which is the
        standard deviation of the numerator.

        Raises InputError where the inputs are all 0 or all the same.
        """
        mean, variance = float(inputs.mean()), float(inputs.var(correction=0))
        if mean <= 0.0 or variance <= 0.0:
            what = f"the first images reach a layer of {len(self.w_ee)} units with a mean of {mean:g} and no variance"
            raise InputError(Problem("field-inconsistent", "ei-layers", what, "let the layers before it divide"))
        square = mean * mean + variance
        scale = math.sqrt(variance / (self.inputs * square))
        for weight in (self.w_ee, self.w_ie):
            weight.exponential_().mul_(scale)
        self.w_ei.fill_(1.0 / len(self.w_ie))
        self.g_i.fill_(math.sqrt(square / self.inputs) / mean)
        if self.division == "held":
            self.held.fill_(math.sqrt(variance))

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the currents, (..., units), of inputs that are not below 0, (..., inputs)."""
        w_ei = _ScaledGradient.apply(self.w_ei, 1.0 / self.inputs) if self.scaled else self.w_ei
        inhibition = inputs @ self.w_ie.T
        balanced = inputs @ self.w_ee.T - inhibition @ w_ei.T
        if self.division == "none":
            divided = balanced
        elif self.division == "held":
            divided = balanced / self.held
        else:
            divided = balanced / guarded((self.g_i * inhibition) @ w_ei.T)
        return self.g_e * divided + self.bias

    @torch.no_grad()
    def keep_signs(self) -> None:
        """Puts weights and gains below 0 to 0."""
        for parameter in (self.w_ee, self.w_ie, self.w_ei, self.g_e, self.g_i):
            parameter.clamp_(min=0.0)

    def groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Returns the parameters with their learning rates: that of W_ei is divided by d, as its gradient is.

        Adam divides a gradient by its own size, so that a factor on it alone would be without effect.
        """
        others = [parameter for name, parameter in self.named_parameters() if name != "w_ei"]
        slower = learning_rate / self.inputs if self.scaled else learning_rate
        return [{"params": others, "lr": learning_rate}, {"params": [self.w_ei], "lr": slower}]

    def as_arrays(self) -> EiLayer:
        """Returns the layer as arrays."""
        return EiLayer(
            w_ee=array(self.w_ee),
            w_ie=array(self.w_ie),
            w_ei=array(self.w_ei),
            g_e=array(self.g_e),
            g_i=array(self.g_i),
            bias=array(self.bias),
            division=self.division,
            held=array(self.held),
        )


class PlainLinear(nn.Linear):
    """A layer of signed weights, for comparison."""

    def start(self, inputs: Tensor) -> None:
        """Leaves the weights as `nn.Linear` draws them."""

    def keep_signs(self) -> None:
        """Leaves the weights as they are: they may have any sign."""

    def groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Returns all parameters with one learning rate."""
        return [{"params": list(self.parameters()), "lr": learning_rate}]

    def as_arrays(self) -> EiLayer:
        """Returns the layer as arrays, without inhibitory units."""
        units, inputs = self.weight.shape
        return EiLayer(
            w_ee=array(self.weight),
            w_ie=np.zeros((0, inputs)),
            w_ei=np.zeros((units, 0)),
            g_e=np.ones(units),
            g_i=np.zeros(0),
            bias=array(self.bias),
            division="none",
            held=np.ones(1),
        )


def guarded(denominators: Tensor) -> Tensor:
    """Returns denominators as `equations.guarded` does; the gradient passes as if nothing had been replaced."""
    smallest = torch.where(denominators > 0, denominators, torch.inf).amin(dim=-1, keepdim=True)
    smallest = torch.where(torch.isinf(smallest), 1.0, smallest)
    filled = torch.where(denominators > 0, denominators, smallest)
    return denominators + (filled - denominators).detach()


def spikes_over_time(currents: Tensor, keep: float) -> Tensor:
    """Returns the spikes of neurons from u = 0 at rest, (ticks, samples, units), for currents of that shape."""
    potential = spikes = torch.zeros_like(currents[0])
    sent: list[Tensor] = []
    for current in currents.unbind(dim=0):
        potential = keep * (potential - spikes) + current
        spikes = _Spike.apply(potential - 1.0)
        sent.append(spikes)
    return torch.stack(sent)


class _Spike(torch.autograd.Function):
    """A step, whose gradient is taken as that of a triangle of width 2 around the threshold."""

    @staticmethod
    def forward(ctx: Any, above: Tensor) -> Tensor:
        ctx.save_for_backward(above)
        return (above >= 0.0).to(above.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (above,) = ctx.saved_tensors
        return gradients[0] * torch.clamp(1.0 - above.abs(), min=0.0)


class _ScaledGradient(torch.autograd.Function):
    """The identity, with a factor on its gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * ctx.factor, None


def array(values: Tensor) -> np.ndarray:
    """Returns a tensor as an array of doubles."""
    return values.detach().double().numpy()
