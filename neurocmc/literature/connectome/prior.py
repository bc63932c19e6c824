"""Draws cells with the published statistics of 364 excitatory cells: positions, connections, strengths.

The statistics are public ones of the Allen Institute (OFS-EM-Connectomics); the data themselves are not for
redistribution and are not here. A user who has cells brings them as a file (`files`).
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, set_frozen
from neurocmc.literature.connectome.function import correlation, tiling, tuned_spikes
from neurocmc.literature.connectome.streams import stream

CELLS = 364
EDGES_UM = (0.0, 50.0, 100.0, 150.0, 200.0, 300.0)
CONNECTED = (0.0288, 0.0187, 0.0114, 0.0053, 0.0027)  # share of pairs, by distance, that are connected one way
RECIPROCAL_EXCESS = 32 / 11.4  # reciprocal pairs, over what independent connections would make
LN_VOLUME_MEAN, LN_VOLUME_SD = -2.91, 0.84  # of spine volumes, the strengths of connections

# What no published statistic says, chosen here: a box whose diagonal lies within EDGES_UM, and like-to-like wiring.
BOX_UM = (240.0, 160.0, 80.0)
LIKE_TO_LIKE = 0.5  # connections are 1 + this x cos(difference of preferred directions) times as likely


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """Cells and what is known of them; rows of matrices are targets, columns are sources.

    Args:
        positions_um: (units, 3).
        weights: (units, units) strengths of connections, 0 where there is none.
        correlation: (units, units) of their activity.
        tiling: (units, units) spike time tiling coefficients.
    """

    positions_um: Float
    weights: Float
    correlation: Float
    tiling: Float

    def __post_init__(self) -> None:
        set_frozen(self, "positions_um", np.float64, (None, 3))
        units = len(self.positions_um)
        for name in ("weights", "correlation", "tiling"):
            set_frozen(self, name, np.float64, (units, units))


def generated(units: int, seed: int) -> Prior:
    """Draws cells with the published statistics, and simulates their activity.

    Args:
        units: How many, 16 or more.
        seed: Of everything that is drawn.

    Returns:
        The cells: the same arguments, the same numbers.
    """
    positions_um, preferred, weights = wired_cells(units, stream(seed, "cells"))
    spikes = tuned_spikes(preferred, stream(seed, "spikes"))
    return Prior(positions_um=positions_um, weights=weights, correlation=correlation(spikes), tiling=tiling(spikes))


def wired_cells(units: int, generator: np.random.Generator) -> tuple[Float, Float, Float]:
    """Draws cells and their connections.

    Among fewer than 364 cells, connections are made 364 / units times as likely, so that a cell has as many partners
    as one of the 364 has among those.

    Args:
        units: How many, 16 or more.
        generator: Draws places, tuning and connections.

    Returns:
        (units, 3) places in um, (units,) preferred directions in radians, and (units, units) strengths.
    """
    positions_um = generator.uniform(size=(units, 3)) * BOX_UM
    preferred = generator.uniform(0, 2 * np.pi, units)
    alike = 1.0 + LIKE_TO_LIKE * np.cos(preferred[:, None] - preferred)
    probability = CELLS / units * probability_at(distances(positions_um)) * alike
    connected = drawn_pairs(probability, generator)
    volumes = np.exp(generator.normal(LN_VOLUME_MEAN, LN_VOLUME_SD, (units, units)))
    return positions_um, preferred, np.where(connected, volumes, 0.0)


def distances(positions: Float) -> Float:
    """Returns (units, units) distances of all pairs."""
    return np.linalg.norm(positions[:, None] - positions, axis=2)


def probability_at(distance_um: Float) -> Float:
    """Returns the published probability of a connection at each distance, up to 300 um."""
    return np.asarray(CONNECTED)[np.searchsorted(EDGES_UM[1:-1], distance_um, side="right")]


def drawn_pairs(probability: Float, generator: np.random.Generator) -> Bool:
    """Draws connections with more reciprocal pairs than chance makes.

    Args:
        probability: (units, units) of a connection in one direction, at most 1, the same in both.
        generator: Draws one number for each pair.

    Returns:
        (units, units) without self-connections. A pair with probability p is reciprocal with probability
        RECIPROCAL_EXCESS p p (at most p), and a single direction has p in all.
    """
    units = len(probability)
    first, second = np.triu_indices(units, 1)
    p, drawn = probability[first, second], generator.random(len(first))
    both = np.minimum(RECIPROCAL_EXCESS * p * p, p)
    both = np.maximum(both, 2 * p - 1)  # where p nears 1, both directions cannot but overlap
    connected = np.zeros((units, units), dtype=np.bool_)
    connected[first, second] = drawn < p
    connected[second, first] = (drawn < both) | ((drawn >= p) & (drawn < 2 * p - both))
    return connected
