"""Gates: what a conversion must keep, as formulas in the number of neurons and the code, each with its reason.

*All together*: the root mean square error of a population over trials, ticks and units stays below a share of its
range that does not depend on the pool.

*The worst unit* has no other units to average with: it may be off by half a step of its pool more.

*The worst moment* has nothing to average with at all. A pool counts in steps and a loop of neurons amplifies a step:
it may be off by four steps more. By how much a change of activity comes early or late is no error, up to a time
constant, and of the trials of a stimulus as many are set aside as may decide otherwise.

A step of the threshold code is a neuron, 1/N. In the rate code a neuron fires in some ticks only, and which of them
fire in a tick is not controlled: the pool's count scatters as the square root of its neurons does, 1/sqrt(N), and two
such steps are allowed. On neurosynaptic cores a source is counted by the neurons whose axons fit, of which there may
be an eighth, and filters are noisy: four and twenty steps.

However coarse a pool, an error of half of the range is none that a conversion may make. `docs/verification.md` has
how much of these limits the bundled models take.
"""

from dataclasses import dataclass, field
from math import sqrt

from neurocmc.ir.spiking import Code

LARGEST = 0.5  # of the range: no unit and no moment may be off by more


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Limits of the error of rates, of the share of equal decisions, and of the accuracy lost."""

    nrmse: float = 0.05
    agreement: float = 0.99
    accuracy_drop: float = 0.01
    unit_steps: float = 0.5
    moment_steps: dict[Code, float] = field(default_factory=lambda: {"threshold": 4.0, "rate": 2.0})

    def of_unit(self, neurons: int, code: Code) -> float:
        """Limit of the worst unit's error over time, as a fraction of its population's range."""
        return min(self.nrmse + self.unit_steps * step(neurons, code), LARGEST)

    def of_moment(self, neurons: int, code: Code) -> float:
        """Limit of the largest error of any unit, tick and trial, as a fraction of its population's range."""
        return min(self.nrmse + self.moment_steps[code] * step(neurons, code), LARGEST)


def step(neurons: int, code: Code) -> float:
    """The step in which a pool of so many neurons counts, as a fraction of its ceiling."""
    return 1.0 / neurons if code == "threshold" else 1.0 / sqrt(neurons)


GATES = Gates()
CORE_GATES = Gates(
    nrmse=0.08, agreement=0.95, accuracy_drop=0.02, unit_steps=4.0, moment_steps={"threshold": 20.0, "rate": 20.0}
)
