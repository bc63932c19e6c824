"""Certifies which states a circuit holds as trained, which of them as rounded, and with what margin.

*Up-states* are stable without any drive, other than the state that silence leads to: what working memory and state
machines live on. *Winners* are where silence leads to while one input channel is driven. A state survives rounding if
the rounded circuit has a stable state with the same excitatory units active. A pool shows no less than a neuron: what
lies above its threshold by half of one or less, as trained or as rounded, counts as silent. Margins: how slowly a
disturbance dies (`settle_s`), how far the nearest unit is from changing its piece (`slack`), where the state ignites
(`ignition`, an activity), and the share of its activity that it may surely lose (`guaranteed_drop`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.theory.basin import boundary, guaranteed_drop
from neurocmc.theory.fixed_points import (
    FULL,
    LINEAR,
    SILENT,
    FixedPoint,
    FixedPoints,
    agrees,
    fixed_points,
    in_neurons,
    is_seen,
    reached,
    slack_of,
    solved,
    stability,
    steady_filters,
)
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold
from neurocmc.theory.realised import Rounded

BOUNDARIES = 16  # up-states whose boundary is solved for: the others have theirs left out
ROUNDED_PIECES = 1 << 13


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFacts:
    """A state at one level: activities and margins, in units of the circuit."""

    activity: float  # of its most active excitatory unit
    settle_s: float
    slack: float
    slack_unit: str
    ignition: (
        float | None
    )  # activity of that unit at the boundary to rest; None where there is none, or not looked for
    guaranteed_drop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCertificate:
    """One state, as trained and as rounded."""

    units: tuple[str, ...]  # excitatory units that are active
    channel: str  # the input channel that is driven, or "" for an up-state
    drive: float  # its value
    trained: StateFacts
    rounded: StateFacts | None
    lost: str  # what rounding did to it, with numbers; "" where it stands or nothing was rounded

    @property
    def name(self) -> str:
        return " ".join(self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The statements of theory on a circuit; `no_theory` says why there are none."""

    circuit: str
    no_theory: str
    how: str
    complete: bool
    is_rounded: bool
    up_states: tuple[StateCertificate, ...] = ()
    winners: tuple[StateCertificate, ...] = ()
    appeared: tuple[str, ...] = ()  # up-states that only the rounded circuit has
    changes: tuple[str, ...] = field(default=())  # what was rounded otherwise than to the nearest to keep a state

    @property
    def lost(self) -> tuple[StateCertificate, ...]:
        """The up-states that rounding destroys."""
        return tuple(state for state in self.up_states if state.lost)

    @property
    def lost_winners(self) -> tuple[StateCertificate, ...]:
        return tuple(state for state in self.winners if state.lost)

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, None for what is infinite."""
        return {**_finite(asdict(self)), "lost_up_states": len(self.lost), "lost_winners": len(self.lost_winners)}


def input_levels(stimuli: Iterable[Stimulus], tick_s: float) -> dict[str, float]:
    """Returns the largest value that each input takes in a tick: what its winners are looked for at."""
    levels: dict[str, float] = {}
    for stimulus in stimuli:
        for name, values in stimulus.on_ticks(tick_s).values.items():
            levels[name] = max(levels.get(name, 0.0), float(values.max(initial=0.0)))
    return levels


def certify(
    circuit: RateCircuit, levels: Mapping[str, float] | None = None, rounded: Rounded | None = None
) -> Certificate:
    """Certifies a circuit, and what became of it where `rounded` is given.

    Args:
        circuit: A rate circuit. Theory knows rectifiers with first-order kernels; of others `no_theory` says why not.
        levels: The values at which each input is driven, one channel at a time, to find its winners; an input that is
            not named has none looked for.
        rounded: What a chip made of the circuit.

    Returns:
        The up-states and winners with their margins, and of each what rounding did to it.

    Example:
        >>> from neurocmc.theory.certificate import certify
        >>> certificate = certify(neurocmc.load("models/two-state.yaml").circuit)
        >>> len(certificate.up_states)
        4
    """
    network = linear_threshold(circuit)
    held = None if rounded is None else rounded.network
    if isinstance(network, NoTheory):
        return _nothing(circuit.name, network, rounded)
    if isinstance(held, NoTheory):
        return _nothing(circuit.name, held, rounded)
    found, ups = up_states_of(network)
    appeared = () if held is None else _appeared(held, ups)
    return Certificate(
        circuit=circuit.name,
        no_theory="",
        how=found.how,
        complete=found.complete,
        is_rounded=held is not None,
        up_states=tuple(
            _certified(network, held, state, "", 0.0, with_boundary=index < BOUNDARIES)
            for index, state in enumerate(ups)
        ),
        winners=tuple(_winners(network, held, levels or {})),
        appeared=appeared,
    )


def _nothing(name: str, reason: NoTheory, rounded: Rounded | None) -> Certificate:
    return Certificate(circuit=name, no_theory=reason.reason, how="", complete=False, is_rounded=rounded is not None)


def up_states_of(network: LinearThreshold, pieces: int = 1 << 16) -> tuple[FixedPoints, tuple[FixedPoint, ...]]:
    """Finds all states without drive, and the up-states: stable ones other than where silence leads to."""
    none = np.zeros(network.size)
    found = fixed_points(network, none, pieces)
    rest = reached(network, none, np.zeros(network.weight.shape[1]))
    ups = [p for p in found.stable if rest is None or not np.array_equal(is_seen(network, p), is_seen(network, rest))]
    ups = [p for p in ups if excitatory_units(network, p)]
    return found, tuple(sorted(ups, key=lambda p: tuple(np.flatnonzero(p.active).tolist())))


def counterpart(network: LinearThreshold, state: FixedPoint, *, run: bool = True) -> FixedPoint | None:
    """Finds the stable state of another network in which the same excitatory units are active, if any.

    Solved with the same units active; where that is no state, and with `run`, the one that a run from there ends in.
    What lies within half a neuron of a threshold or a ceiling may stand on either side of it, but for a state that
    would be nowhere seen then.
    """
    network = _as_compared(network, state)
    full = np.where((state.piece == LINEAR) & (state.activity >= network.ceiling), FULL, state.piece)
    pieces = np.stack([state.piece, full, in_neurons(network, state.piece, state.activity)])
    for point in solved(network, state.drive, iter(pieces)):
        if point.stable:
            return point
    if not run:
        return None
    end = reached(network, state.drive, steady_filters(network, state.activity))
    if end is None or not end.stable:
        return None
    same = agrees(network, state, end.active, end.activity)
    return end if same[~network.inhibitory].all() else None


def _as_compared(network: LinearThreshold, state: FixedPoint) -> LinearThreshold:
    """The network that a state is looked for in: pools that show none of its units are judged in real numbers."""
    return network if excitatory_units(network, state) else replace(network, half_neuron=np.zeros(network.size))


def why_lost(network: LinearThreshold, state: FixedPoint) -> str:
    """Says in numbers what is wrong in a network with the state that another had."""
    network = _as_compared(network, state)
    linear = state.piece == LINEAR
    radius, _ = stability(network, linear)
    if radius >= 1.0:
        return f"a disturbance grows by {100 * (radius - 1):.3g} % a step"
    total = network.total_weight
    matrix = np.eye(network.size) - linear[:, None] * (network.gain[:, None] * total)
    ceiling = np.where(np.isfinite(network.ceiling), network.ceiling, 0.0)
    pinned = np.where(state.piece == FULL, ceiling, 0.0)
    activity = np.linalg.solve(matrix, np.where(linear, network.gain * (state.drive - network.threshold), pinned))
    above = network.drive_of(activity, state.drive)
    unit = int(np.argmin(slack_of(network, state.piece, above)))
    room, first = (network.ceiling / network.gain - above)[unit], (network.half_neuron / network.gain)[unit]
    name, most = network.units[unit], f"its ceiling of {network.ceiling[unit]:.3g}"
    if state.piece[unit] == SILENT:
        fires = f", where its first neuron fires {first:.3g} above it" if first else ""
        return f"{name} would be {above[unit]:.3g} above its threshold{fires}"
    if state.piece[unit] == FULL:
        return f"{name} would be {room:.3g} below {most}"
    if above[unit] < room:
        return f"{name} would be {abs(above[unit]):.3g} below its threshold"
    return f"{name} would pass {most} by {-room:.3g}"


def excitatory_units(network: LinearThreshold, state: FixedPoint) -> tuple[str, ...]:
    """Returns the excitatory units that a state shows: of pools, those of which a neuron fires."""
    return tuple(network.units[int(i)] for i in np.flatnonzero(is_seen(network, state) & ~network.inhibitory))


def _certified(
    network: LinearThreshold,
    held: LinearThreshold | None,
    state: FixedPoint,
    channel: str,
    drive: float,
    *,
    with_boundary: bool,
) -> StateCertificate:
    after = None if held is None else counterpart(held, state)
    return StateCertificate(
        units=excitatory_units(network, state),
        channel=channel,
        drive=drive,
        trained=_facts(network, state, with_boundary=with_boundary),
        rounded=None if held is None or after is None else _facts(held, after, with_boundary=with_boundary),
        lost="" if held is None or after is not None else why_lost(held, state),
    )


def _facts(network: LinearThreshold, state: FixedPoint, *, with_boundary: bool) -> StateFacts:
    between = boundary(network, state) if with_boundary else None
    nearest = int(np.argmin(state.slack))
    excite = np.where(network.inhibitory, 0.0, state.activity)
    most = int(np.argmax(excite))
    return StateFacts(
        activity=float(excite[most]),
        settle_s=state.settle_s(network.dt_s),
        slack=max(float(state.slack[nearest]), 0.0),
        slack_unit=network.units[nearest],
        ignition=None if between is None else float(between.activity[most]),
        guaranteed_drop=guaranteed_drop(network, state),
    )


def _winners(
    network: LinearThreshold, held: LinearThreshold | None, levels: Mapping[str, float]
) -> Sequence[StateCertificate]:
    found: list[StateCertificate] = []
    silence = np.zeros(network.weight.shape[1])
    for channel in network.channels:
        level = levels.get(channel.name.rpartition("[")[0], 0.0)
        if not level:
            continue
        drive: Float = level * channel.drive
        state = reached(network, drive, silence)
        if state is not None and state.stable and excitatory_units(network, state):
            found.append(_certified(network, held, state, channel.name, level, with_boundary=False))
    return found


def _appeared(held: LinearThreshold, ups: Sequence[FixedPoint]) -> tuple[str, ...]:
    """Up-states of the rounded network whose excitatory units are those of no up-state before."""
    known = {excitatory_units(held, state) for state in ups}
    _, now = up_states_of(held, ROUNDED_PIECES)
    return tuple(dict.fromkeys(" ".join(u) for s in now if (u := excitatory_units(held, s)) not in known))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value
