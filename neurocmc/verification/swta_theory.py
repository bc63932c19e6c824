"""What theory says of a soft winner-take-all, to hold simulations against.

    tau x_i' = -x_i + [I_i + alpha x_i - beta1 y - T]_+         tau y' = -y + [beta2 sum_i x_i - T_I]_+

Rutishauser & Douglas 2009 (Neural Computation 21:478), Rutishauser, Douglas & Slotine 2011 (Neural Computation
23:735). Activities and drives are dimensionless; all formulas hold while winner and inhibition are both active.
"""


def winner_gain(alpha: float, beta1: float, beta2: float) -> float:
    """Steady activity of a single driven winner per unit of drive: 1 / (1 - alpha + beta1 beta2)."""
    return 1.0 / (1.0 - alpha + beta1 * beta2)


def stability_bound(beta1: float, beta2: float) -> float:
    """The self-excitation below which one winner is stable: min(2, 1 + beta1 beta2)."""
    return min(2.0, 1.0 + beta1 * beta2)


def switching_ratio(alpha: float, beta1: float, beta2: float) -> float:
    """How many times the winner's drive a loser's must be to take over: beta1 beta2 times the winner's gain."""
    return beta1 * beta2 * winner_gain(alpha, beta1, beta2)


def up_state(alpha: float, phi: float, beta1: float, beta2: float, threshold: float, threshold_i: float) -> float:
    """Activity x* of two coupled winners that hold each other up without drive.

    (beta1 T_I - T) / (1 - alpha - phi + beta1 beta2); it exists for T > 0, beta1 T_I > T and
    1 < alpha + phi < min(2, 1 + beta1 beta2). Raises ValueError where it does not.
    """
    total = alpha + phi
    if not (threshold > 0 and beta1 * threshold_i > threshold and 1.0 < total < stability_bound(beta1, beta2)):
        raise ValueError(
            f"no up-state: it needs T > 0 (got {threshold:g}), beta1 T_I > T (got {beta1 * threshold_i:g}) and "
            f"1 < alpha + phi < {stability_bound(beta1, beta2):g} (got {total:g})"
        )
    return (beta1 * threshold_i - threshold) / (1.0 - total + beta1 * beta2)


def ignition_threshold(alpha: float, phi: float, threshold: float) -> float:
    """Activity that two coupled winners must reach to climb to the up-state by themselves: T / (alpha + phi - 1)."""
    return threshold / (alpha + phi - 1.0)
