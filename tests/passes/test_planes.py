"""Weights of two planes round away less, and weights of segments take on what the one below rounded away."""

import numpy as np
import pytest

from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.segments import Segments
from neurocmc.passes.loihi.quantise import FINE, Quantise
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.weight_grid import onto_grid
from neurocmc.theory.loihi import kept_by_integers
from tests.made.circuits import driven, matched, population, ramp, steps, swta
from tests.made.read_networks import drives, network
from tests.made.targets import loihi


def staged() -> RateCircuit:
    return Offsets((drives(),)).run(network("sigmoid"))


def test_a_second_plane_holds_what_the_first_rounds_away() -> None:
    circuit = staged()
    spiking = matched(circuit, drives(), loihi(), 16)
    one, two = (Quantise(planes=planes).run(spiking, loihi()) for planes in (1, 2))
    assert two.problems() == ()
    (plane,) = (p for p in two.projections if p.refines)
    (coarse,) = (p for p in two.projections if p.name == plane.refines)
    (alone,) = one.projections
    assert plane.name == coarse.name + FINE
    assert np.array_equal(coarse.mantissa, alone.mantissa)
    assert plane.exponent < coarse.exponent
    assert coarse.loss.largest < 0.1 * alone.loss.largest
    together = coarse.realised_gain + plane.realised_gain
    assert np.abs(together - coarse.wanted_gain).max() < 0.1 * np.abs(alone.realised_gain - alone.wanted_gain).max()
    (kept,) = kept_by_integers(circuit, spiking, two).projections
    assert kept.realised_gain == pytest.approx(together)


def test_segments_carry_what_they_round_away() -> None:
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(5), [1, 4, 2, 6, 3])
    widths = np.ones(unit.size)
    lows = np.arange(unit.size, dtype=np.float64)
    segments = Segments(units=5, unit=unit, low=lows - lows[np.searchsorted(unit, unit)], width=widths)
    wanted = 64.0 * rng.normal(size=(7, unit.size)) * 20
    limits = loihi().limits
    plain, carried = (onto_grid(wanted, limits, given) for given in (None, segments))
    step = 2 * 64.0 * 2.0**carried.exponent  # of mixed signs
    assert carried.exponent == plain.exponent
    off = np.abs(segments.summed_up_to(carried.lsb(limits) - wanted))
    assert off.max() <= 0.5 * step + 1e-9
    assert np.abs(segments.summed_up_to(plain.lsb(limits) - wanted)).max() > 0.5 * step


def test_what_rounding_takes_is_given_back_as_the_filter_comes_to_lose_it() -> None:
    """Where nothing rounds nothing is given back; else the current starts as far below as the bias is raised."""
    circuit = driven(population("x", 1), tau_s=0.0)
    spiking = matched(circuit, ramp(0.0, 1.0), loihi(), 64)
    network = Quantise().run(spiking, loihi())
    assert all((p.u_initial == 0).all() for p in network.populations)  # no synapse rounds, nothing is given back
    loop = swta()
    network = Quantise().run(matched(loop, steps(), loihi(), 64), loihi())
    plain = matched(loop, steps(), loihi(), 64)
    for held in network.populations:
        pool = plain.population(held.name)
        raised = (held.bias_lsb - np.rint(pool.bias * pool.lsb_per_threshold)).max()
        keep = network.rule.pole(held.decay_u)
        assert raised > 0
        assert held.u_initial == pytest.approx(-raised / keep, abs=1.0)
