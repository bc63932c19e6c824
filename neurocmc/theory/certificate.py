"""Certifies which states a circuit holds as trained, which of them as rounded, and with what margin.

*Up-states* are stable without any drive, other than the state that silence leads to: what working memory and state
machines live on. *Winners* are where silence leads to while one input channel is driven. A state survives rounding if
the rounded circuit has a stable state with the same excitatory units active. A pool shows no less than a neuron: what
lies above its threshold by half of one or less, as trained or as rounded, counts as silent. Margins: how slowly a
disturbance dies (`settle_s`), how far the nearest unit is from changing its piece (`slack`), where the state ignites
(`ignition`, an activity), and the share of its activity that it may surely lose (`guaranteed_drop`).

A circuit is certified block by block (`blocks`): what no weights join has its states each by itself, and those of the
circuit are all combinations of them. Blocks of more units than are searched are named, not passed over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from neurocmc.common.matrices import full
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.theory import judged as judging
from neurocmc.theory.blocks import SEARCHED_UNITS, blocks_of, kinds_of
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold
from neurocmc.theory.listing import LISTED, BlockFacts, Counts, StateCertificate, Tally
from neurocmc.theory.realised import Rounded
from neurocmc.theory.search import PIECES, FixedPoints, from_silence
from neurocmc.theory.stack import FixedPoint, Stack


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Certificate:
    """The statements of theory on a circuit; `no_theory` says why there are none.

    Of more than `LISTED` states of a kind some are listed: the first, the first that are lost, and the one with the
    thinnest margin as rounded; `counts` has all. `blocks` are told where there are several, or one is not searched.
    """

    circuit: str
    no_theory: str
    how: str
    complete: bool
    is_rounded: bool
    up_states: tuple[StateCertificate, ...] = ()
    winners: tuple[StateCertificate, ...] = ()
    appeared: tuple[str, ...] = ()  # up-states that only the rounded circuit has
    changes: tuple[str, ...] = field(default=())  # what was rounded otherwise than to the nearest to keep a state
    blocks: BlockFacts | None = None  # None: one block, and not too large
    counts: Counts | None = None  # None: all states are listed

    def __repr__(self) -> str:
        """One line: how many states there are, and how many of them rounding destroys."""
        if self.no_theory:
            return f"<Certificate of {self.circuit}: no theory, {self.no_theory}>"
        found = self.counted
        told = [f"{found.up_states:,} up-states", f"{found.winners:,} winners"]
        if self.is_rounded:
            lost = (found.lost_up_states, found.lost_winners)
            told = [f"{text}, {count:,} lost by rounding" for text, count in zip(told, lost, strict=True)]
        return f"<Certificate of {self.circuit}: {'; '.join(told)}>"

    def __str__(self) -> str:
        """The statements, a line each, as the report lists them."""
        from neurocmc.theory.wording import certificate_lines  # it reads this class

        return "\n".join(certificate_lines(self))

    @property
    def lost(self) -> tuple[StateCertificate, ...]:
        """The listed up-states that rounding destroys; some are listed if any is lost."""
        return tuple(state for state in self.up_states if state.lost)

    @property
    def lost_winners(self) -> tuple[StateCertificate, ...]:
        return tuple(state for state in self.winners if state.lost)

    @property
    def counted(self) -> Counts:
        """How many states there are, and how many are lost, whether they are listed or not."""
        return self.counts or Counts(
            up_states=len(self.up_states),
            lost_up_states=len(self.lost),
            winners=len(self.winners),
            lost_winners=len(self.lost_winners),
            appeared=len(self.appeared),
        )

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, None for what is infinite."""
        found = _finite(asdict(self))
        for name in ("blocks", "counts"):
            if found[name] is None:
                del found[name]
        counted = self.counted
        return {**found, "lost_up_states": counted.lost_up_states, "lost_winners": counted.lost_winners}


def input_levels(stimuli: Iterable[Stimulus], tick_s: float) -> dict[str, float]:
    """Returns the largest value that each input takes in a tick: what its winners are looked for at."""
    levels: dict[str, float] = {}
    for stimulus in stimuli:
        for name, values in stimulus.on_ticks(tick_s).values.items():
            levels[name] = max(levels.get(name, 0.0), float(values.max(initial=0.0)))
    return levels


def certify(
    circuit: RateCircuit,
    levels: Mapping[str, float] | None = None,
    rounded: Rounded | None = None,
    listed: int | None = LISTED,
) -> Certificate:
    """Certifies a circuit, and what became of it where `rounded` is given.

    Args:
        circuit: A rate circuit. Theory knows rectifiers with first-order kernels; of others `no_theory` says why not.
        levels: The values at which each input is driven, one channel at a time, to find its winners; an input that is
            not named has none looked for.
        rounded: What a chip made of the circuit.
        listed: How many up-states, and how many winners, are listed one by one at most; None: all of them.

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
    blocks = blocks_of(network, held)
    tally = Tally(network, blocks, judging.judged(kinds_of(network, held, levels or {}, blocks)), listed)
    return Certificate(
        circuit=circuit.name,
        no_theory="",
        how=tally.how,
        complete=tally.complete,
        is_rounded=held is not None,
        up_states=tally.up_states,
        winners=tally.winners,
        appeared=tally.appeared,
        blocks=tally.facts,
        counts=tally.counts,
    )


def _nothing(name: str, reason: NoTheory, rounded: Rounded | None) -> Certificate:
    return Certificate(circuit=name, no_theory=reason.reason, how="", complete=False, is_rounded=rounded is not None)


def up_states_of(network: LinearThreshold, pieces: int = PIECES) -> tuple[FixedPoints, tuple[FixedPoint, ...]]:
    """Finds all states of a network as a whole without drive, and the up-states among them.

    These are stable ones other than where silence leads to. Raises ValueError for one with more units than are
    searched.
    """
    if network.size > SEARCHED_UNITS:
        raise ValueError(f"{network.size:,} units are too many to be searched as one network: {SEARCHED_UNITS:,}")
    stack = Stack.of([network])
    rests = from_silence(stack, np.zeros((1, 1, network.size)))[0]
    found, ups = judging.up_states(stack, full(network.channel_drive)[None], rests, pieces)
    return found[0], tuple(ups[0])


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value
