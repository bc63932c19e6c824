"""Steps the currents and voltages of neurons and of the host's integrators, rounded as their framework does.

The sums of float32 depend on their order, and a network that feeds back turns the last bit into other spikes. So the
order is the framework's own: snnTorch and sinabs add to what a pole has left, term by term; Norse sums what arrives
first, and takes an Euler step towards it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.ir.neurons.semantics import Semantics

Real = NDArray[Any]  # of the semantics' precision


class HasPoles(Protocol):
    """What filters: a population or a readout."""

    @property
    def pole_syn(self) -> Float: ...
    @property
    def pole_mem(self) -> Float: ...
    @property
    def gain_syn(self) -> Float: ...
    @property
    def gain_mem(self) -> Float: ...


class Filters:
    """A current and a voltage for each trial and unit, (batch, units), at rest to begin with."""

    def __init__(self, owner: HasPoles, semantics: Semantics, batch: int) -> None:
        self._dtype = np.dtype(semantics.precision)
        self._pole_syn = owner.pole_syn.astype(self._dtype)
        self._pole_mem = owner.pole_mem.astype(self._dtype)
        self._remembers = bool(owner.pole_syn.any())  # without memory the current is what arrives
        self._step = self._step_euler if semantics.update == "euler" else self._step_pole
        if semantics.update == "euler":
            self._share_syn, gain_syn = _euler(owner.pole_syn, owner.gain_syn)
            self._share_mem, gain_mem = _euler(owner.pole_mem, owner.gain_mem)
            self._keeps_all = owner.pole_mem == 1  # these have no leak: what arrives is added as it is
        else:
            gain_syn, gain_mem = owner.gain_syn, owner.gain_mem
        self._gain_syn, self._gain_mem = _gain(gain_syn, self._dtype), _gain(gain_mem, self._dtype)
        self._i = np.zeros((batch, owner.pole_syn.size), dtype=self._dtype)
        self.v: Real = np.zeros_like(self._i)

    def step(self, arriving: Sequence[Real]) -> None:
        """Goes on by a tick in which these parts arrive, in the order in which they are added."""
        self._step(arriving)

    def _step_pole(self, arriving: Sequence[Real]) -> None:
        terms = [_times(self._gain_syn, part) for part in arriving]
        if self._remembers:
            self._i = self._pole_syn * self._i
            for term in terms:
                self._i += term
            terms = [self._i]
        v = self._pole_mem * self.v
        for term in terms:
            v += _times(self._gain_mem, term)
        self.v = v

    def _step_euler(self, arriving: Sequence[Real]) -> None:
        total = np.zeros_like(self.v)
        for index, part in enumerate(arriving):
            total = part if index == 0 else total + part
        drive = _times(self._gain_syn, total)
        if self._remembers:
            self._i = self._i + self._share_syn.astype(self._dtype) * (drive - self._i)
            drive = self._i
        drive = _times(self._gain_mem, drive)
        pulled = np.where(self._keeps_all, drive, drive - self.v) if self._keeps_all.any() else drive - self.v
        self.v = self.v + self._share_mem.astype(self._dtype) * pulled


def _euler(pole: Float, gain: Float) -> tuple[Float, Float]:
    """The share of the way that a step goes, and the gain of where to; without leak the whole way is added."""
    share = np.where(pole == 1, 1.0, 1 - pole)
    return share, gain / share


def _gain(gain: Float, dtype: np.dtype[Any]) -> Real | None:
    """A gain in the precision; None where it is 1 throughout."""
    rounded = gain.astype(dtype)
    return None if (rounded == 1).all() else rounded


def _times(gain: Real | None, values: Real) -> Real:
    return values if gain is None else gain * values
