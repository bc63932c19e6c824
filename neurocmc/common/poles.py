"""Computes what a filter of first order keeps of its state from one step to the next."""

import math


def pole(tau_s: float, step_s: float) -> float:
    """Returns exp(-step/tau), the share of its state that a filter keeps in a step; 0 for a tau of 0.

    A filter of tau 0 keeps nothing: what reaches it acts for one step.
    """
    return math.exp(-step_s / tau_s) if tau_s > 0 else 0.0
