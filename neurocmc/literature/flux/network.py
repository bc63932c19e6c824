"""Holds units with their weights, and steps them: x(t+1) = sigmoid(g (W x(t) + b + noise))."""

from dataclasses import dataclass, field

import numpy as np

from neurocmc.common.arrays import Float, set_frozen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Units without memory of their own; the core stands first."""

    sizes: dict[str, int]  # of each group, in the order of the units
    weight: Float = field(repr=False)  # W, (units, units), row = target
    gain: Float = field(repr=False)  # g, (units,)
    bias: Float = field(repr=False)  # b, (units,)

    def __post_init__(self) -> None:
        n = sum(self.sizes.values())
        set_frozen(self, "weight", np.float64, (n, n))
        set_frozen(self, "gain", np.float64, (n,))
        set_frozen(self, "bias", np.float64, (n,))

    @property
    def units(self) -> int:
        return len(self.bias)

    @property
    def core(self) -> slice:
        return slice(0, self.sizes["core"])

    def step(self, x: Float, bias: Float, noise: Float | None = None) -> Float:
        """Returns the next activity, (units,); `bias` stands for the network's own."""
        drive = self.weight @ x + bias
        return 1.0 / (1.0 + np.exp(-self.gain * (drive if noise is None else drive + noise)))

    def run(self, x: Float, steps: int, noise: Float | None = None) -> Float:
        """Returns the activity after each step, (steps, units).

        Args:
            x: (units,) activity before the first step.
            steps: How many.
            noise: (steps, units) added to the drive W x + b.
        """
        activity = np.empty((steps, self.units))
        for step in range(steps):
            x = self.step(x, self.bias, None if noise is None else noise[step])
            activity[step] = x
        return activity


ANATOMY, START, NOISE, TRIPLETS, SHUFFLES, LEVELS = range(6)  # purposes of random numbers
