"""Recordings of the same two trials on three levels, made by a formula: two populations of three and one units."""

import numpy as np

from neurocmc.ir.recording import Recording

TICKS, TICK_S = 20, 1e-3


def three_levels() -> dict[str, Recording]:
    """Level -> its recording; Brian2 is .01 of the range off, the emulator .02 in the second unit of `a`."""
    time = np.arange(TICKS) / TICKS
    a = np.stack([np.stack([time, 0.5 * time], axis=1), np.stack([1.0 - time, 0.0 * time], axis=1)])
    b = np.stack([time[:, None], time[:, None]]) * 4.0
    rate = {"a": a, "b": b}
    emulator = {"a": a + np.array([0.0, 0.02]), "b": b}
    return {
        "rate": recorded("rate", rate),
        "brian2": recorded("brian2", {"a": a + 0.01, "b": b + 0.04}),
        "emulator": recorded("emulator", emulator),
    }


def recorded(level: str, activity: dict[str, np.ndarray]) -> Recording:
    """A recording without spikes."""
    return Recording(
        level=level,
        stimulus="ramps",
        tick_s=TICK_S,
        activity={name: values.astype(np.float32) for name, values in activity.items()},
        spikes={},
        spike_counts={},
    )
