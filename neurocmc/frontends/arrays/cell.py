"""Defines Cell: one step of a recurrent rate network as arrays, in either of the two forms in which they are written.

    filter-after     h' = (1 - a) h + a phi(W h + U x + b)       h is what units send
    filter-before    h' = (1 - a) h + a (W phi(h) + U x + b)     phi(h) is what units send

a = 1 is a network without memory of its own, as `nn.RNN` is. `step` is the reference that a compiled circuit is held
against: it shares nothing with the interpreter of rate circuits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.errors import Problem

CellForm = Literal["filter-after", "filter-before"]
FORMS: tuple[CellForm, ...] = get_args(CellForm)
Activation = Literal["relu", "tanh", "sigmoid", "softplus", "linear"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPopulation:
    """Units [start, stop) of a cell that share an activation and a fraction a."""

    name: str
    start: int
    stop: int
    activation: Activation
    fraction: float  # a, of a step
    saturation: float = float("inf")  # of relu and softplus

    @property
    def units(self) -> slice:
        return slice(self.start, self.stop)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A recurrent cell of n units and m inputs; populations cover the units in order."""

    form: CellForm
    populations: tuple[CellPopulation, ...]
    weight: Float  # W of each delay, (delays, n, n), row = target
    input_weight: Float  # U, (n, m)
    bias: Float  # b, (n,)
    initial: Float  # h before the first step, (n,)
    delay_steps: Int  # (delays,), rising: steps by which these connections act later; 0 for none

    def __post_init__(self) -> None:
        n = self.weight.shape[-1]
        set_frozen(self, "weight", np.float64, (len(self.delay_steps), n, n))
        set_frozen(self, "input_weight", np.float64, (n, None))
        set_frozen(self, "bias", np.float64, (n,))
        set_frozen(self, "initial", np.float64, (n,))
        set_frozen(self, "delay_steps", np.int64, (None,))

    @property
    def units(self) -> int:
        return self.weight.shape[-1]

    @property
    def settled_weight(self) -> Float:
        """What sources come to that have sent the same for long, (n, n): the weights of all delays together."""
        return self.weight.sum(axis=0)

    @property
    def inputs(self) -> int:
        return self.input_weight.shape[1]

    @property
    def fraction(self) -> Float:
        """The fraction a of each unit, (n,)."""
        return np.concatenate([np.full(p.stop - p.start, p.fraction) for p in self.populations])

    def sent(self, state: Float) -> Float:
        """Returns what units send in a state: h itself, or phi(h); the last axis is (n,)."""
        return state if self.form == "filter-after" else self._phi(state)

    def step(self, inputs: Float, state: Float) -> Float:
        """Returns the state after a step without delays, (batch, n), for inputs (batch, m) and a state (batch, n)."""
        a, external, weight = self.fraction, inputs @ self.input_weight.T + self.bias, self.settled_weight
        if self.form == "filter-after":
            return (1.0 - a) * state + a * self._phi(external + state @ weight.T)
        return (1.0 - a) * state + a * (external + self._phi(state) @ weight.T)

    def run(self, inputs: Float) -> Float:
        """Returns what units send before the first step and after each, (trials, 1 + steps, n).

        `inputs` are (trials, steps, m).
        """
        trials, steps, _ = inputs.shape
        state = np.tile(self.initial, (trials, 1))
        longest = int(self.delay_steps.max(initial=0))
        # Before the first step units had held `initial` for ever where it is they that are filtered, or sent nothing.
        earlier = state if self.form == "filter-after" else np.zeros_like(state)
        past = [self.sent(state), *[earlier] * longest]  # newest first
        sent = np.empty((trials, 1 + steps, self.units))
        sent[:, 0] = past[0]
        late = [(d, w.T) for d, w in zip(self.delay_steps.tolist(), self.weight, strict=True) if w.any()]
        a = self.fraction
        for step in range(steps):
            arriving = inputs[:, step] @ self.input_weight.T + self.bias
            for delay, weight in late:
                arriving = arriving + past[delay] @ weight
            new = self._phi(arriving) if self.form == "filter-after" else arriving
            state = (1.0 - a) * state + a * new
            past = [self.sent(state), *past[:-1]]
            sent[:, 1 + step] = past[0]
        return sent

    def problems(self) -> tuple[Problem, ...]:
        """Returns all that is wrong: numbers that are none, fractions outside (0, 1], populations that do not fit."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[Problem]:
        for name in ("weight", "input_weight", "bias", "initial"):
            value = getattr(self, name)
            if not np.isfinite(value).all():
                place = tuple(int(k) for k in np.argwhere(~np.isfinite(value))[0])
                yield Problem("value-not-finite", f"{name}{list(place)}", "is not finite", "give finite numbers only")
        ends = [0, *(population.stop for population in self.populations)]
        if [p.start for p in self.populations] != ends[:-1] or ends[-1] != self.units:
            what = f"populations have {ends[-1]} units in all, the weights {self.units}"
            yield Problem("values-count", "populations", what, "give sizes that add up to the units")
        for population in self.populations:
            if not 0.0 < population.fraction <= 1.0:
                what = f"the fraction of a step is {population.fraction:g}, which is not in (0, 1]"
                cure = "give a time constant above 0, or a fraction of a step between 0 and 1"
                yield Problem("tau-out-of-range", f"population {population.name}", what, cure)
        if (self.delay_steps < 0).any():
            yield Problem("delay-negative", "delay", "a delay is below 0", "give 0 or more")

    def _phi(self, drive: Float) -> Float:
        parts = [_activate(population, drive[..., population.units]) for population in self.populations]
        return np.concatenate(parts, axis=-1)


def _activate(population: CellPopulation, z: Float) -> Float:
    match population.activation:
        case "relu":
            return np.clip(z, 0.0, population.saturation)
        case "tanh":
            return np.tanh(z)
        case "sigmoid":
            return 1.0 / (1.0 + np.exp(-z))
        case "softplus":
            return np.minimum(np.logaddexp(0.0, z), population.saturation)
        case "linear":
            return z
