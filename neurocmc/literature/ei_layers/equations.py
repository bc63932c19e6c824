"""Has layers of excitation and inhibition, and networks of them, as functions of arrays.

With inputs x >= 0 and weights >= 0, a layer of Liu, Ding & Yu (arXiv:2509.23253, ICLR 2026) is

    I_ee = W_ee x        I_ie = W_ie x        I_bal = I_ee - W_ei I_ie        I = g_E I_bal / (W_ei (g_I I_ie)) + b

The quotient is homogeneous of degree 0: the currents of an image and of the same image at another contrast are equal.
Neurons are u <- k (u - s) + I, s = [u >= 1], with k = 1 - 1/tau. Over long times their rate is about
(I - (1 - k)) / k between 0 and 1, the rate form: a rectifier that saturates.
"""

from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.literature.ei_layers.recipe import Division


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EiLayer:
    """A layer of `units` excitatory and `inhibitory` linear units; a plain layer is one without the latter."""

    w_ee: Float  # (units, inputs)
    w_ie: Float  # (inhibitory, inputs)
    w_ei: Float  # (units, inhibitory), or (1, inhibitory) where all units share it
    g_e: Float  # (units,)
    g_i: Float  # (inhibitory,)
    bias: Float  # (units,)
    division: Division
    held: Float  # (units,) or (1,), the denominators where they are held

    def __post_init__(self) -> None:
        units, inputs = self.w_ee.shape
        inhibitory = len(self.w_ie)
        set_frozen(self, "w_ee", np.float64, (units, inputs))
        set_frozen(self, "w_ie", np.float64, (inhibitory, inputs))
        set_frozen(self, "w_ei", np.float64, (None, inhibitory))
        set_frozen(self, "g_e", np.float64, (units,))
        set_frozen(self, "g_i", np.float64, (inhibitory,))
        set_frozen(self, "bias", np.float64, (units,))
        set_frozen(self, "held", np.float64, (None,))

    @property
    def folded(self) -> Float:
        """The numerator as signed weights, g_E (W_ee - W_ei W_ie), (units, inputs)."""
        return self.g_e[:, None] * (self.w_ee - self.w_ei @ self.w_ie)

    def denominators(self, inputs: Float) -> Float:
        """Returns what divides the currents, (samples, units) or (samples, 1), for (samples, inputs)."""
        if self.division == "none":
            return np.ones((len(inputs), 1))
        if self.division == "held":
            return np.tile(self.held, (len(inputs), 1))
        return guarded((self.g_i * (inputs @ self.w_ie.T)) @ self.w_ei.T)

    def currents(self, inputs: Float) -> Float:
        """Returns the currents of the excitatory units, (samples, units)."""
        return inputs @ self.folded.T / self.denominators(inputs) + self.bias

    def frozen(self, denominators: Float) -> "EiLayer":
        """Returns the layer with its denominators held at (units,) or (1,) numbers."""
        return replace(self, division="held", held=denominators)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EiNetwork:
    """Trained layers and a linear readout, in the rate form."""

    layers: tuple[EiLayer, ...]
    readout: Float  # (classes, units of the last layer)
    readout_bias: Float  # (classes,)
    keep: float  # k, what a neuron keeps in a tick

    def activity(self, inputs: Float) -> list[Float]:
        """Returns the rates of each layer, (samples, units) each, for (samples, inputs) behind the front."""
        seen = [inputs]
        for layer in self.layers:
            seen.append(rate(layer.currents(seen[-1]), self.keep))
        return seen[1:]

    def decisions(self, inputs: Float) -> Int:
        """Returns (samples,) the class that is read in the rates of the last layer."""
        return self.read(self.activity(inputs)[-1])

    def read(self, rates: Float) -> Int:
        """Returns the class that the readout answers to (samples, units) rates of the last layer."""
        return np.argmax(rates @ self.readout.T + self.readout_bias, axis=1)

    def held_after_first(self, inputs: Float) -> "EiNetwork":
        """Returns the network whose later layers have their denominators held at the mean over inputs."""
        layers, seen = [self.layers[0]], [inputs, *self.activity(inputs)]
        for layer, entering in zip(self.layers[1:], seen[1:-1], strict=True):
            computed = layer.division in ("each", "one")
            layers.append(layer.frozen(layer.denominators(entering).mean(axis=0)) if computed else layer)
        return replace(self, layers=tuple(layers))


def guarded(denominators: Float) -> Float:
    """Returns denominators of which no one is 0: those take the smallest above 0 of their sample, or else 1.

    The paper takes the second smallest value there is; here it is of the sample itself, so that it hangs on no other.
    Where all are 0 nothing inhibits.
    """
    smallest = np.where(denominators > 0, denominators, np.inf).min(axis=-1, keepdims=True)
    return np.where(denominators > 0, denominators, np.where(np.isinf(smallest), 1.0, smallest))


def rate(currents: Float, keep: float) -> Float:
    """Returns the rates, 0 to 1 spikes a tick, that neurons come to under constant currents: a line, cut.

    A neuron at rest between two spikes has u = k (u - r) + I in the mean; with u = 1 that is r = (I - (1 - k)) / k.
    """
    return np.clip((currents - (1.0 - keep)) / keep, 0.0, 1.0)


def spike_rate(currents: Float, keep: float, ticks: int) -> Float:
    """Returns the spikes a tick of neurons under constant currents, counted over `ticks` from u = 0."""
    potential, spikes, total = (np.zeros_like(currents) for _ in range(3))
    for _ in range(ticks):
        potential = keep * (potential - spikes) + currents
        spikes = (potential >= 1.0).astype(np.float64)
        total += spikes
    return total / ticks
