"""Lets kernels of several time constants reach one population through the single filter that a neuron has.

The population keeps the fastest of the time constants that reach it, of pole k. What arrives with a slower one, of
pole q, is the sum of two things that this filter can hold. With p a step ago what the slower filter put out, as a
spike brings it, and r the activity a step ago, the current of that kernel alone is

    c <- q c + (1 - q) W r  =  k c + (q - k) p + (1 - q) W r                 p = c, a step ago

so a *relay*, linear units whose own filter has the pole q, brings the share (q - k) / (1 - k) of the gain, and the
source itself the rest, (1 - q) / (1 - k). Nothing is approximated and no tick is lost; both shares are positive and
add up to 1, so that no difference of large currents has to be counted. With any other of the time constants as the
population's own, one of the shares would be negative, and what a pool of the relay miscounts would be amplified.

A relay stands behind a source, and serves all populations that the source reaches with that time constant, or before
a target, and gathers all sources. The arrangement with the fewest relay units is taken: a smallest vertex cover
between sources and targets. Between equals, relays stand behind sources, whose counting errors average out.

What a relay costs is neurons, and on a chip the steps in which its pool counts p. A filtered input needs none: the
host filters it before it is sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import ClassVar, Literal

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.poles import pole
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.passes.relays import linear_relay, relay_name
from neurocmc.targets import Target

Side = Literal["source", "target"]
Place = tuple[Side, str, float]  # of a relay: which side of a population, and its time constant

TIE = 1e-3  # of a unit, by which a relay before a target counts as dearer


@dataclass(frozen=True)
class OneFilter:
    """Turns a RateCircuit into one in which all projections to a population have one time constant."""

    name: ClassVar[str] = "one-filter"

    def run(self, circuit: RateCircuit, target: Target) -> RateCircuit:
        """Returns the circuit itself where the target has a filter for each projection, or no relay is needed."""
        return _shared(circuit) if target.one_filter else circuit


def own_taus(circuit: RateCircuit) -> Mapping[str, float]:
    """Maps each population that a projection reaches to its fastest time constant in s: that of its own filter."""
    return circuit.once("own taus", lambda: _own_taus(circuit))


def _own_taus(circuit: RateCircuit) -> dict[str, float]:
    found: dict[str, float] = {}
    for entry in circuit.projections:
        found[entry.target] = min(entry.tau_s, found.get(entry.target, entry.tau_s))
    return found


def _shared(circuit: RateCircuit) -> RateCircuit:
    own = own_taus(circuit)
    slower = [entry for entry in circuit.projections if entry.tau_s > own[entry.target]]
    if not slower:
        return circuit
    place_of = _places(circuit, slower)
    relay_at = _names(circuit, place_of)
    parts: list[RateProjection] = []
    for entry in circuit.projections:
        split = entry.name in place_of
        parts += _split(entry, place_of[entry.name], relay_at, own, circuit.dt_s) if split else [entry]
    return replace(
        circuit,
        populations=tuple(_with_relays(circuit, place_of, relay_at, own)),
        projections=tuple(_named_apart([*parts, *_ends(circuit, place_of, relay_at, own)])),
    )


def _places(circuit: RateCircuit, slower: Sequence[RateProjection]) -> dict[str, Place]:
    """Where the relay of each slower projection stands, with as few relay units as can be.

    One end of each projection must have a relay of its time constant: a vertex cover, least in units.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # here and not above: most circuits have no relays

    ends: list[tuple[Place, Place]] = [
        (("source", entry.source, entry.tau_s), ("target", entry.target, entry.tau_s)) for entry in slower
    ]
    places = list(dict.fromkeys(place for pair in ends for place in pair))
    cost = [circuit.population(name).size + (TIE if side == "target" else 0.0) for side, name, _ in places]
    covered = np.array([[place in pair for place in places] for pair in ends], dtype=np.float64)
    taken = milp(
        cost, integrality=np.ones(len(places)), bounds=Bounds(0, 1), constraints=LinearConstraint(covered, 1)
    )
    chosen = {place for place, share in zip(places, taken.x, strict=True) if share > 0.5}
    return {
        entry.name: behind if behind in chosen else before
        for entry, (behind, before) in zip(slower, ends, strict=True)
    }


def _names(circuit: RateCircuit, place_of: Mapping[str, Place]) -> dict[Place, str]:
    """A relay for each place in use, in the order of projections."""
    taken = {population.name for population in circuit.populations}
    names: dict[Place, str] = {}
    for place in dict.fromkeys(place_of.values()):
        names[place] = relay_name(place[1], {*taken, *names.values()})
    return names


def _with_relays(
    circuit: RateCircuit, place_of: Mapping[str, Place], relay_at: Mapping[Place, str], own: Mapping[str, float]
) -> Iterator[RatePopulation]:
    """The populations, each before the relays behind it, and after those that gather what reaches it."""
    served = {
        place: min(own[p.target] for p in circuit.projections if place_of.get(p.name) == place) for place in relay_at
    }
    for population in circuit.populations:
        for side in ("target", "source"):
            if side == "source":
                yield population
            for place, name in relay_at.items():
                if place[:2] == (side, population.name):
                    before = _before(circuit, place, place_of)
                    yield linear_relay(name, population.size, served[place], before)


def _before(circuit: RateCircuit, place: Place, place_of: Mapping[str, Place]) -> Float:
    """What a relay held before the first step: its sources' activity then, through settled filters."""
    side, name, _ = place
    if side == "source":
        return circuit.population(name).initial
    gathered = [entry for entry in circuit.projections if place_of.get(entry.name) == place]
    return np.sum([p.dc_gain * (p.weight @ circuit.population(p.source).initial) for p in gathered], axis=0)


def _split(
    entry: RateProjection, place: Place, relay_at: Mapping[Place, str], own: Mapping[str, float], dt_s: float
) -> list[RateProjection]:
    """The share of a slower projection that goes to its target at once, and its way over the relay."""
    side, relay, fast_s = place[0], relay_at[place], own[entry.target]
    by_relay = relayed_share(entry.tau_s, fast_s, dt_s)
    at_once = replace(entry, tau_s=fast_s, dc_gain=entry.dc_gain * (1.0 - by_relay))
    if side == "target":
        return [at_once, replace(entry, name=f"{entry.source}->{relay}", target=relay)]
    onward = f"{relay}->{entry.target}"
    return [
        at_once,
        replace(entry, name=onward, source=relay, tau_s=fast_s, dc_gain=entry.dc_gain * by_relay),
    ]


def relayed_share(slow_s: float, fast_s: float, step_s: float) -> float:
    """Returns the share of its gain that a kernel of `slow_s` brings over a relay into a filter of `fast_s`."""
    slow, fast = pole(slow_s, step_s), pole(fast_s, step_s)
    return (slow - fast) / (1.0 - fast)


def _ends(
    circuit: RateCircuit, place_of: Mapping[str, Place], relay_at: Mapping[Place, str], own: Mapping[str, float]
) -> Iterator[RateProjection]:
    """The one-to-one end of each relay: from its source, or to its target."""
    for (side, name, tau_s), relay in relay_at.items():
        eye = np.eye(circuit.population(name).size)
        if side == "source":
            yield RateProjection(name=f"{name}->{relay}", source=name, target=relay, weight=eye, tau_s=tau_s)
        else:
            share = relayed_share(tau_s, own[name], circuit.dt_s)
            yield RateProjection(
                name=f"{relay}->{name}", source=relay, target=name, weight=eye, tau_s=own[name], dc_gain=share
            )


def _named_apart(projections: Sequence[RateProjection]) -> Iterator[RateProjection]:
    """Gives a projection whose name is taken the first free number behind it."""
    taken: set[str] = set()
    for entry in projections:
        name = next(name for n in count(1) if (name := entry.name if n == 1 else f"{entry.name}#{n}") not in taken)
        taken.add(name)
        yield entry if name == entry.name else replace(entry, name=name)
