"""States the limits of verification, which passes read as well: what a conversion must keep, each with its reason.

Of the error of rates they are formulas in the number of neurons and the code (`Gates`):

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

from neurocmc.targets import Code

LARGEST = 0.5  # of the range: no unit and no moment may be off by more


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Limits of the error of rates, of equal decisions, of the accuracy lost, and of what filters and gains lose."""

    nrmse: float = 0.05
    agreement: float = 0.99
    accuracy_drop: float = 0.01
    unit_steps: float = 0.5
    moment_steps: dict[Code, float] = field(
        default_factory=lambda: {"threshold": 4.0, "rate": 2.0, "feedback": 4.0, "interleaved": 4.0}
    )
    pole: float = 0.01  # relative error of 1 - pole of a synaptic filter
    gain: float = 0.01  # error of a gain, of the strongest synapse of its target unit

    def of_unit(self, neurons: int, code: Code) -> float:
        """Returns the limit of the worst unit's error over time, as a fraction of its population's range."""
        return min(self.nrmse + self.unit_steps * step(neurons, code), LARGEST)

    def of_moment(self, neurons: int, code: Code) -> float:
        """Returns the limit of any unit's, tick's and trial's error, as a fraction of its population's range."""
        return min(self.nrmse + self.moment_steps[code] * step(neurons, code), LARGEST)


def step(neurons: int, code: Code) -> float:
    """Returns the step in which a pool of so many neurons counts, as a fraction of its ceiling."""
    return 1.0 / sqrt(neurons) if code == "rate" else 1.0 / neurons


GATES = Gates()
CORE_GATES = Gates(
    nrmse=0.08,
    agreement=0.95,
    accuracy_drop=0.02,
    unit_steps=4.0,
    moment_steps={"threshold": 20.0, "rate": 20.0, "feedback": 20.0, "interleaved": 20.0},
    pole=0.02,
    gain=0.03,
)
TRAJECTORY_LIMIT = 1e-5  # largest difference of trajectories of the same equations in torch and here
BEYOND_LIMIT = 0.25  # of a pool's range; what saturates by less, or for a moment, is for the errors of rates to judge
RATE_FIT_LIMIT = 0.05  # of the ceiling: the gain fit of a pool of the rate code
WINNER_GAIN_LIMIT = {"rate": 0.001, "brian2": 0.05, "emulator": 0.05}  # of a winner's gain in theory
SWITCH_LIMIT = {"rate": 0.005, "brian2": 0.1, "emulator": 0.1}  # of the drive at which a rival takes over
REST_LIMIT = 1e-4  # of the range of what a filter rests in: how far the rate circuit may be from its closed form
