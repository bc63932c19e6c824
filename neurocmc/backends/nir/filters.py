"""Turns the poles and gains of filters into the time constants and factors of NIR, so that they come back exactly."""

from collections.abc import Callable

import numpy as np

from neurocmc.common.arrays import Float

ENDLESS = 2.0**60  # ticks, of which one is beyond the digits of a number: the pole is 1, the gain its factor's share


def time_constants(dt_s: float, pole: Float) -> Float:
    """Returns the time constants in s of which 1 - dt / tau is the pole, to the last digit where that exists."""
    share = np.where(pole < 1, 1 - pole, 1 / ENDLESS)
    return _nearest(dt_s / share, lambda tau: np.abs((1 - dt_s / tau) - pole))


def factors(dt_s: float, tau: Float, gain: Float) -> Float:
    """Returns the factors (w_in, r) whose share of a tick, dt / tau, is the gain."""
    share = dt_s / tau
    return _nearest(gain / share, lambda factor: np.abs(factor * share - gain))


def cuba_fields(dt_s: float, pole_syn: Float, pole_mem: Float, gain_syn: Float, gain_mem: Float) -> dict[str, Float]:
    """Returns the fields of a CubaLI or CubaLIF that its filters are written in."""
    tau_syn, tau_mem = time_constants(dt_s, pole_syn), time_constants(dt_s, pole_mem)
    return {
        "tau_syn": tau_syn,
        "tau_mem": tau_mem,
        "r": factors(dt_s, tau_mem, gain_mem),
        "v_leak": np.zeros(pole_mem.size),
        "w_in": factors(dt_s, tau_syn, gain_syn),
    }


def _nearest(first: Float, miss: Callable[[Float], Float]) -> Float:
    """Of a number and its neighbours the one that misses least."""
    tried = np.stack([first, np.nextafter(first, np.inf), np.nextafter(first, -np.inf)])
    missed = np.stack([miss(each) for each in tried])
    return np.take_along_axis(tried, np.argmin(missed, axis=0)[None], axis=0)[0]
