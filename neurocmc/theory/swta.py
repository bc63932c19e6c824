"""Has closed forms of soft winner-take-alls, of pairs of them that hold an item, and of state machines of such.

    tau x_i' = -x_i + [I_i + alpha x_i + phi x'_i - beta1 y - T]_+        tau y' = -y + [beta2 sum_i x_i - T_I]_+

Rutishauser & Douglas 2009 (Neural Computation 21:478); Rutishauser, Douglas & Slotine 2011 (Neural Computation
23:735). phi couples unit i to unit i of a second such circuit. Activities and drives are dimensionless; the formulas
hold while the winner and its inhibition are both active, which each says where it matters. `fixed_points` solves the
same, and any other circuit, without them; a test holds the two together.
"""

from math import inf, sqrt


def winner_gain(alpha: float, beta1: float, beta2: float, winners: int = 1) -> float:
    """Returns activity per unit of drive: 1 / (1 - alpha + n beta1 beta2).

    With n `winners` it is the gain of each to a drive common to them all (sum mode).
    """
    return 1.0 / (1.0 - alpha + winners * beta1 * beta2)


def stability_bound(beta1: float, beta2: float) -> float:
    """Returns the self-excitation below which one winner is stable in continuous time: min(2, 1 + beta1 beta2)."""
    return min(2.0, 1.0 + beta1 * beta2)


def step_is_stable(alpha: float, beta1: float, beta2: float, share: float) -> bool:
    """Whether one winner is stable when all filters step by their exact pole; `share` is 1 - exp(-dt/tau).

    The step has the eigenvalues 1 + share (lambda - 1) where lambda solves lambda^2 - alpha lambda + beta1 beta2 = 0.
    A complex pair stays in the unit circle for  share (1 - alpha + beta1 beta2) < 2 - alpha; a real one, where the
    larger lambda stays below 1, for alpha < 1 + beta1 beta2 (and alpha < 2).
    """
    product = beta1 * beta2
    if alpha * alpha < 4.0 * product:
        return share * (1.0 - alpha + product) < 2.0 - alpha
    root = sqrt(alpha * alpha - 4.0 * product)
    return 0.5 * (alpha + root) < 1.0 and share * (1.0 - 0.5 * (alpha - root)) < 2.0


def contraction_rate(alpha: float, beta1: float, beta2: float) -> float:
    """Returns the rate, per tau, at which winner and inhibition contract in the metric of their own eigenvectors.

    The generalised Jacobian of the active pair is [[alpha - 1, -beta1], [beta2, -1]]; in its eigenbasis its symmetric
    part is diagonal, and the rate is minus the largest entry. For alpha < 2 sqrt(beta1 beta2) the eigenvalues are
    complex and the rate is 1 - alpha/2; beyond, 1 - alpha/2 - sqrt(alpha^2/4 - beta1 beta2). At a rate of 0 or less
    the pair does not contract. (In the plain metric, and in any diagonal one, it contracts only for alpha < 1.)
    """
    discriminant = 0.25 * alpha * alpha - beta1 * beta2
    return 1.0 - 0.5 * alpha - (sqrt(discriminant) if discriminant > 0 else 0.0)


def contracts_while_oscillating(alpha: float, beta1: float, beta2: float) -> bool:
    """Whether 1 < alpha < 2 sqrt(b) and 1/4 < b < 1, b = beta1 beta2: a complex pair contracts.

    2 sqrt(beta1 beta2) is where the pair turns real, beta1 beta2 < 1 keeps it below 2 and so the rate 1 - alpha/2
    above 0, and beta1 beta2 > 1/4 leaves room above alpha = 1. Sufficient, not necessary: `stability_bound` is exact.
    """
    product = beta1 * beta2
    return 0.25 < product < 1.0 and 1.0 < alpha < 2.0 * sqrt(product)


def switching_ratio(alpha: float, beta1: float, beta2: float) -> float:
    """Returns how many times the winner's drive a loser's must be to take over: beta1 beta2 times the winner's gain.

    For thresholds of 0; in general a silent loser wakes at T + beta1 (beta2 x - T_I), see `waking_drive`.
    """
    return beta1 * beta2 * winner_gain(alpha, beta1, beta2)


def waking_drive(winner: float, beta1: float, beta2: float, threshold: float, threshold_i: float) -> float:
    """Returns the drive at which a silent unit wakes beside that winner: T + beta1 [beta2 x - T_I]_+."""
    return threshold + beta1 * max(beta2 * winner - threshold_i, 0.0)


def up_state_range(beta1: float, beta2: float, threshold: float, threshold_i: float) -> tuple[float, float]:
    """Returns the excitation alpha + phi, exclusive at both ends, for which an item holds itself up without drive.

    Above  1 + beta2 T / T_I  it ignites before inhibition wakes: T / (alpha + phi - 1) < T_I / beta2 (with less, x*
    of the formula has its inhibition asleep and is no state). Below min(2, 1 + beta1 beta2) it is stable. Raises
    ValueError for a threshold of 0 or less, where there is no silent state to rest in.
    """
    if not threshold > 0:
        raise ValueError(f"T must be above 0, got {threshold:g}: without a threshold there is no rest state")
    lowest = 1.0 + beta2 * threshold / threshold_i if threshold_i > 0 else inf
    return lowest, stability_bound(beta1, beta2)


def up_state(alpha: float, phi: float, beta1: float, beta2: float, threshold: float, threshold_i: float) -> float:
    """Returns the activity x* of two coupled winners that hold each other up without drive (phi 0: of one alone).

    (beta1 T_I - T) / (1 - alpha - phi + beta1 beta2), for alpha + phi within `up_state_range`. Raises ValueError
    outside.
    """
    lowest, highest = up_state_range(beta1, beta2, threshold, threshold_i)
    total = alpha + phi
    if not lowest < total < highest:
        raise ValueError(
            f"no up-state: it needs {lowest:g} < alpha + phi < {highest:g} (1 + beta2 T / T_I, and the lesser of 2 "
            f"and 1 + beta1 beta2), got {total:g}"
        )
    return (beta1 * threshold_i - threshold) / (1.0 - total + beta1 * beta2)


def ignition_threshold(alpha: float, phi: float, threshold: float) -> float:
    """Returns activity that both winners must pass to climb to the up-state by themselves: T / (alpha + phi - 1).

    The unstable state between rest and up-state, in which inhibition sleeps (`up_state_range`).
    """
    return threshold / (alpha + phi - 1.0)


def ignition_drive(alpha: float, phi: float, threshold: float) -> float:
    """Returns the drive on one of two coupled winners that ignites both, if it lasts and inhibition sleeps.

    For alpha >= 1 whatever wakes the unit, D > T. For alpha < 1 it settles at (D - T) / (1 - alpha), and its partner
    wakes where phi times that passes T: D > T + T (1 - alpha) / phi.
    """
    return threshold if alpha >= 1.0 else threshold + threshold * (1.0 - alpha) / phi


def and_window(state: float, symbol: float, weight: float) -> tuple[float, float]:
    """Returns the thresholds T_TN, exclusive, at which [w_s y* + symbol - T_TN]_+ needs both."""
    held = weight * state
    return max(held, symbol), held + symbol


def transition_activity(state: float, symbol: float, weight: float, threshold: float) -> float:
    """Returns [w_s y* + symbol - T_TN]_+, the activity of a transition unit with its state and symbol."""
    return max(weight * state + symbol - threshold, 0.0)


def least_transition_weight(
    transition: float, winner: float, beta1: float, beta2: float, threshold: float, threshold_i: float
) -> float:
    """Returns the weight w_T above which a transition unit wakes its target against the winner."""
    return waking_drive(winner, beta1, beta2, threshold, threshold_i) / transition if transition > 0 else inf
