"""Computes by how much the answer of a readout is ahead of the next, and the gradient of that."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.sim.adjoint import Observed


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """The largest output of a readout, less the second largest, of each trial."""

    readout: Readout | Classifier
    dt_s: float

    @property
    def _populations(self) -> tuple[str, ...]:
        return self.readout.populations if isinstance(self.readout, Classifier) else (self.readout.population,)

    @property
    def _window(self) -> int:
        return max(round(self.readout.window_s / self.dt_s), 1)

    def of(self, traces: Observed) -> Float:
        """Returns the (trials,) margins of (trials, ticks, units) traces."""
        outputs = self._outputs(traces)[-1]
        second, first = np.partition(outputs, -2, axis=1)[:, -2:].T
        return first - second

    def gradient(self, traces: Observed) -> Observed:
        """Returns the derivative of each trial's margin with respect to the traces of the populations read."""
        outputs = self._outputs(traces)
        first, second = np.argsort(-outputs[-1], axis=1, kind="stable")[:, :2].T
        trials = np.arange(len(first))
        back = np.zeros_like(outputs[-1])
        back[trials, first], back[trials, second] = 1.0, -1.0
        if isinstance(self.readout, Classifier):
            for layer, output in zip(reversed(self.readout.layers), reversed(outputs), strict=False):
                back = (back * (output > 0) if layer.rectify else back) @ layer.weight
        return self._over_window(back, traces)

    def _outputs(self, traces: Observed) -> list[Float]:
        """The features, then the output of every layer."""
        features = [traces[name][:, -self._window :].mean(axis=1) for name in self._populations]
        outputs = [np.concatenate(features, axis=1)]
        if isinstance(self.readout, Classifier):
            for layer in self.readout.layers:
                value = outputs[-1] @ layer.weight.T + layer.bias
                outputs.append(np.maximum(value, 0.0) if layer.rectify else value)
        return outputs

    def _over_window(self, of_features: Float, traces: Observed) -> Observed:
        found: dict[str, Float] = {}
        start = 0
        for name in self._populations:
            found[name] = np.zeros_like(traces[name], dtype=np.float64)
            size = traces[name].shape[2]
            found[name][:, -self._window :] = of_features[:, None, start : start + size] / self._window
            start += size
        return found
