"""Puts a chip's pool of neurons into a torch model: activity becomes what N threshold neurons would send of it.

In the threshold code neuron k of N fires while its unit's activity is above (k - 1/2)/N of the pool's range, so that
what a pool sends is the activity, cut off at both ends of the range and rounded to N equal steps
(`neurocmc.passes.pool_codes`). A model that is trained through this staircase keeps its decisions on a chip.

The gradient goes straight through within the range and is zero beyond it, where the pool does not answer: a leak
there would promise a change that the chip never makes. What brings a unit back is the range itself, which has a
gradient of its own: that of learned step size quantisation (Esser et al., ICLR 2020, arXiv:1902.08153), scaled by
1 / sqrt(units N) as there.
"""

from math import inf, isfinite, log, sqrt

import torch
from torch import Tensor, nn

from neurocmc.common.errors import Problem, raise_input_problems

MOST_NEURONS = 65_536


def staircase(activity: Tensor, floor: Tensor | float, width: Tensor, neurons: int) -> Tensor:
    """Returns what pools send of `activity`: `floor` and a whole number, 0 to `neurons`, of steps width / neurons.

    `floor` and `width` > 0 are one number, or one a unit (the last axis). An activity at the middle between two steps
    sends the lower one: a neuron fires above its threshold. The gradient with respect to activity is 1 within the
    range and 0 beyond; that with respect to the width is (sent - activity) / width within it, 1 above.
    """
    step = width / neurons
    level = ((activity - floor) / step).clamp(0.0, float(neurons))
    whole = torch.ceil(level.detach() - 0.5)
    return floor + (level + (whole - level).detach()) * step


class ChipPool(nn.Module):
    """The pools of one population of rate units, between its nonlinearity and all that reads it.

    A relu learns where its pool is full: give the same number to the circuit as the population's saturation. The
    compiler cuts a pool off at 1.1 times the highest activity of calibration where that is lower, which makes its
    steps finer. For a sigmoid take `top=1, learned=False`, for a tanh `floor=-1, top=1, learned=False`.

    Args:
        neurons: Neurons a unit, 1 to 65,536, as `neurocmc.compile` is to be given.
        top: The activity at which all neurons of a pool fire, above `floor`; where learning starts, if it is learned.
        floor: The activity at which none fires.
        learned: Whether `top` is trained; its logarithm above the floor is the one parameter.

    Raises:
        InputError: For numbers out of their ranges.

    Example:
        >>> import torch
        >>> pool = neurocmc.ChipPool(neurons=4, top=2.0)
        >>> pool(torch.tensor([-1.0, 0.2, 0.3, 1.0, 9.0])).tolist()
        [0.0, 0.0, 0.5, 1.0, 2.0]
    """

    log_width: Tensor

    def __init__(self, neurons: int, top: float = 1.0, floor: float = 0.0, *, learned: bool = True) -> None:
        super().__init__()
        raise_input_problems(_problems(neurons, top, floor))
        self.neurons, self.floor, self.learned = neurons, float(floor), learned
        start = torch.tensor(log(top - floor), dtype=torch.get_default_dtype())
        if learned:
            self.log_width = nn.Parameter(start)
        else:
            self.register_buffer("log_width", start)

    @property
    def top(self) -> float:
        """The activity at which all neurons of a pool fire, as it is now."""
        return self.floor + float(self.log_width.detach().exp())

    def forward(self, activity: Tensor) -> Tensor:
        """Returns what the pools send.

        Args:
            activity: (..., units), what the nonlinearity gives.

        Returns:
            A tensor of the same shape, each value `floor` and a whole number of steps of (top - floor) / neurons.
        """
        width = self.log_width.exp()
        if self.learned:
            share = 1.0 / sqrt(activity.shape[-1] * self.neurons) if activity.ndim else 1.0 / sqrt(self.neurons)
            width = share * width + ((1.0 - share) * width).detach()
        return staircase(activity, self.floor, width, self.neurons)

    def extra_repr(self) -> str:
        """Says what `print` shows of the module."""
        kind = "learned" if self.learned else "fixed"
        return f"neurons={self.neurons}, floor={self.floor:g}, top={self.top:g} ({kind})"


def neurons_problems(neurons: int, where: str = "neurons") -> list[Problem]:
    """Returns why no pool can have so many neurons."""
    if type(neurons) is int and 1 <= neurons <= MOST_NEURONS:
        return []
    return [
        Problem("neurons-out-of-range", where, f"got {neurons!r}", f"give 1 to {MOST_NEURONS:,} neurons per unit")
    ]


def _problems(neurons: int, top: float, floor: float) -> list[Problem]:
    found = neurons_problems(neurons)
    if not (isfinite(floor) and floor < top < inf):
        what = f"top is {top:g} and floor {floor:g}"
        found.append(Problem("number-out-of-range", "ChipPool", what, "give finite numbers, top above floor"))
    return found
