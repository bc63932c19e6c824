"""Holds a recorded trace of a generated network against the rules of a tick, and counts what happened in it.

Not an interpreter: given all spikes of a trace, what arrives in every tick is one matrix product a delay, and each
tick must follow from the one before. So no error can hide behind an earlier one, and the counts (wraps, saturations,
clipped weights, ...) tell whether a set of networks reached the corners it was drawn for.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tests.backends.generated_networks import Ints, Network, Sign, Synapses

Trace = dict[str, NDArray[np.generic]]  # u, v, spikes: (ticks, neurons)
REGISTER = 1 << 23
RANGE: dict[Sign, tuple[int, int]] = {"mixed": (-256, 255), "excitatory": (0, 255), "inhibitory": (-255, 0)}


def on_the_grid(weights: Ints, sign: Sign, weight_bits: int) -> Ints:
    """Weights as Lava's synapses hold them: clipped to the sign mode's range, low bits of the magnitude dropped.

    Mixed weights lose one bit more, and are rounded down instead of toward zero.
    """
    clipped = np.clip(weights, *RANGE[sign])
    dropped = 8 - weight_bits + (sign == "mixed")
    return -(-clipped >> dropped << dropped) if sign == "inhibitory" else clipped >> dropped << dropped


def wrong_ticks(network: Network, trace: Trace) -> list[str]:
    """Every quantity with its first tick that does not follow from the tick before; none where the trace is right."""
    arriving = _arriving(network, trace)
    u, v, spikes = (np.asarray(trace[name]).astype(np.int64) for name in ("u", "v", "spikes"))
    expected_u = _fold(_current(network, u, arriving))
    free_v = np.clip(_voltage(network, u, v), 1 - REGISTER, REGISTER - 1)
    fires = free_v > network.threshold_mantissa << 6
    pairs = {"u": (expected_u, u), "v": (np.where(fires, 0, free_v), v), "spikes": (fires, spikes)}
    wrong: list[str] = []
    for name, (ours, theirs) in pairs.items():
        if (ours != theirs).any():
            tick, neuron = np.argwhere(ours != theirs)[0]
            wrong.append(
                f"{name} of neuron {neuron} in tick {tick} is {theirs[tick, neuron]}, not {ours[tick, neuron]}"
            )
    return wrong


def happened(network: Network, trace: Trace) -> Counter[str]:
    """How often each corner of the arithmetic was reached."""
    arriving = _arriving(network, trace)
    u, v = (np.asarray(trace[name]).astype(np.int64) for name in ("u", "v"))
    before_fold, free_v = _current(network, u, arriving), _voltage(network, u, v)
    counts = Counter[str](
        {
            "spikes": int(np.asarray(trace["spikes"]).sum()),
            "u wraps": int((before_fold != _fold(before_fold)).sum()),
            "u stays out of its register": int((np.abs(u) > REGISTER).sum()),
            "v saturates below": int((free_v < 1 - REGISTER).sum()),
            "v saturates above": int((free_v > REGISTER - 1).sum()),
            "input sum leaves 32 bits": int((_wrap32(arriving << 6) != arriving << 6).sum()),
        }
    )
    for synapses in network.synapses:
        counts.update(_of_synapses(synapses, np.asarray(trace["spikes"]).astype(np.int64)))
    return counts


def _of_synapses(synapses: Synapses, spikes: Ints) -> Counter[str]:
    kind = synapses.kind
    sent = spikes if synapses.host is None else synapses.host
    held = on_the_grid(synapses.weights, kind.sign, kind.weight_bits)
    low, high = RANGE[kind.sign]
    outside = (synapses.weights < low) | (synapses.weights > high)
    counts = Counter[str](
        {
            "weights clipped": int(outside.sum()),
            "weights truncated": int((~outside & (held != synapses.weights)).sum()),
            f"{kind.process} {kind.sign}": 1,
            f"{kind.sign} of {kind.weight_bits} bits": 1,
            f"exponent {kind.exponent}": 1,
            "sign inferred": int(not kind.sign_is_given),
        }
    )
    if kind.message_bits:
        counts["graded events"] = int((sent != 0).sum())
    events = sent.astype(bool).sum(axis=0)
    for delay in range(kind.longest_delay + 1) if kind.longest_delay else ():
        counts[f"delay {delay}"] = int(events @ ((held != 0) & (synapses.delays == delay)).sum(axis=0))
    if kind.exponent < 0:
        sums = [sent @ np.where(synapses.delays == delay, held, 0).T for delay in np.unique(synapses.delays)]
        counts["sums rounded down"] = sum(int((total % (1 << -kind.exponent) != 0).sum()) for total in sums)
    return counts


def arriving_from_host(network: Network, ticks: int) -> Ints:
    """(ticks, neurons) what the host adds to the input sum of each tick, in mantissas."""
    return _arrivals(network, ticks, [s for s in network.synapses if s.host is not None], np.zeros(0, np.int64))


def _arriving(network: Network, trace: Trace) -> Ints:
    """(ticks, neurons) input sum of each tick, in mantissas."""
    spikes = np.asarray(trace["spikes"]).astype(np.int64)
    return _arrivals(network, len(spikes), network.synapses, spikes)


def _arrivals(network: Network, ticks: int, of: Iterable[Synapses], spikes: Ints) -> Ints:
    total = np.zeros((ticks, network.neurons), dtype=np.int64)
    for synapses in of:
        kind = synapses.kind
        sent = spikes if synapses.host is None else synapses.host
        held = on_the_grid(synapses.weights, kind.sign, kind.weight_bits)
        for delay in np.unique(synapses.delays):
            summed = _wrap32(sent @ np.where(synapses.delays == delay, held, 0).T)
            shifted = summed << kind.exponent if kind.exponent >= 0 else summed >> -kind.exponent
            total[1 + delay :] += shifted[: len(total) - 1 - delay]
    return _wrap32(total)


def _current(network: Network, u: Ints, arriving: Ints) -> Ints:
    before = np.vstack([network.u_initial, u[:-1]])
    kept = np.sign(before) * (np.abs(before) * (4095 - network.decay_u) >> 12)
    return _wrap32(kept + _wrap32(arriving << 6))


def _fold(current: Ints) -> Ints:
    return current - 2 * REGISTER * (current > REGISTER) + 2 * REGISTER * (current <= -REGISTER)


def _voltage(network: Network, u: Ints, v: Ints) -> Ints:
    before = np.vstack([network.v_initial, v[:-1]])
    kept = np.sign(before) * (np.abs(before) * (4096 - network.decay_v) >> 12)
    mantissa, exponent = network.bias_mantissa, network.bias_exponent
    bias = np.where(exponent >= 0, mantissa << np.maximum(exponent, 0), mantissa >> np.maximum(-exponent, 0))
    return _wrap32(kept + u + bias)


def _wrap32(value: Ints) -> Ints:
    return value.astype(np.int32).astype(np.int64)
