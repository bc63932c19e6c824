"""Defines a network as one row of neurons whose synapses all take a tick, and what its neurons ask of V."""

from dataclasses import dataclass

from neurocmc.common.arrays import Float, Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wiring:
    """A network in one row of neurons, relays behind all others, every synapse of one tick.

    Args:
        neurons: All of them; relays are the last `relays`.
        relays: How many repeat others.
        target, source, weight: (synapses,) between neurons, weights in voltage.
        threshold: (neurons,) voltage; 0.5 of a relay.
        sent: (columns, 3) input, channel and delay in ticks of every channel that the host must have.
        sent_target, sent_column, sent_weight: (synapses of inputs,).
        bias: (neurons,) voltage a tick.
    """

    neurons: int
    relays: int
    target: Int
    source: Int
    weight: Float
    threshold: Float
    sent: Int
    sent_target: Int
    sent_column: Int
    sent_weight: Float
    bias: Float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extremes:
    """What arrives at neurons in a tick, and how far V goes, on calibration: (neurons,) in voltage."""

    lowest: Float  # of V before a test
    highest: Float
    least: Float  # of what arrives from neurons in a tick
    most: Float
    inputs: int  # spikes of inputs in one tick, at most
