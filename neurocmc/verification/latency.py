"""Defines what is told of the network between cores: its traffic, the speed it allows, what it does to spikes."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from neurocmc.sim.passing import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedReadout:
    """A readout, and the share of trials whose decision is another one."""

    readout: str
    share: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFindings:
    """What was measured, in the units that the names say."""

    places: str
    doubts: tuple[str, ...]  # of the numbers that it rests on
    cores: int
    trials: int
    ticks: int  # in all
    # Where a barrier ends each tick
    messages_per_tick: float
    hops: float  # of a message, in the mean
    latency_ns: float  # the same
    latency_99_ns: float  # 99 % of the messages take less
    longest_latency_ns: float
    wait_ns: float  # of the latency, in queues
    longest_wait_ns: float
    barrier_ns: float
    mean_tick_us: float
    longest_tick_us: float
    model_tick_us: float
    # In ticks of a fixed length
    tick_us: float
    late: float  # share of messages
    beyond: int  # messages that came later than the model keeps them
    isi_distortion: float
    disorder: float
    nrmse: float  # of rates, of the worst population, against the run in which none is late
    changed: tuple[ChangedReadout, ...]

    @property
    def speed(self) -> float:
        """How many times as fast as its model time the circuit can run, where every tick may be the longest."""
        return self.model_tick_us / self.longest_tick_us

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, None for what is not a number."""
        found = {**asdict(self), "speed": self.speed}
        return {
            name: None if isinstance(value, float) and not isfinite(value) else value for name, value in found.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Latency:
    """What was measured, and the traffic under it for pictures."""

    findings: LatencyFindings
    barrier: Traffic
    fixed: Traffic
