"""Cutting units into segments changes nothing within the range; segments are narrow where a circuit is sensitive."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, Readout, TransferKind
from neurocmc.ir.segments import Segments
from neurocmc.passes.divide import Divide
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.sensitivity import MeasureSensitivity
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.sim.rate import simulate_rate
from tests.made.read_networks import DT_S, UNITS, drives, network


def divided(transfer: TransferKind, mean: float, of_activity: float = 0.0) -> tuple[RateCircuit, RateCircuit]:
    staged = Offsets((drives(),)).run(network(transfer))
    found = MeasureSensitivity((drives(),)).run(staged)
    return staged, Divide(found, mean, of_activity).run(staged)


@pytest.mark.parametrize("transfer", ["relu", "sigmoid", "softplus", "linear"])
@pytest.mark.parametrize("mean", [1.0, 3.5])
def test_the_segments_together_are_the_units(transfer: TransferKind, mean: float) -> None:
    staged, cut = divided(transfer, mean)
    assert cut.problems() == ()
    (segments,) = cut.population("h").segments
    assert segments.size == round(mean * UNITS)
    whole = simulate_rate(staged, drives()).activity["h"]
    parts = simulate_rate(cut, drives()).activity["h"]
    assert parts.shape[2] == segments.size
    assert segments.whole(parts) == pytest.approx(whole, abs=2e-6)


def test_units_that_are_read_get_more_segments_and_narrow_ones() -> None:
    _, cut = divided("sigmoid", 4.0)
    (segments,) = cut.population("h").segments
    count = np.bincount(segments.unit)
    assert count[:2].min() >= 2
    assert count[:2].mean() > 1.5 * count[2:].mean()
    narrowest = np.array([segments.width[segments.unit == unit].min() for unit in range(UNITS)])
    assert narrowest[:2].max() < narrowest[2:].min()


def test_what_has_a_readout_of_its_own_stays_whole() -> None:
    circuit = network("relu")
    readout = Readout(name="winner", population="h", kind="winner", labels=tuple("abcdef"), window_s=DT_S)
    circuit = replace(circuit, readouts=(readout,))
    cut = Divide(MeasureSensitivity((drives(),)).run(circuit), 4.0).run(circuit)
    assert cut.population("h").segments == ()
    assert cut.readouts == circuit.readouts


def test_a_chaotic_circuit_has_no_unit_that_matters_most(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(0.0, 30.0 / np.sqrt(30), (30, 30))
    model = neurocmc.from_arrays(
        weights,
        activation="sigmoid",
        form="filter-before",
        fraction=1.0,
        b=-0.5 * weights.sum(axis=1),
        U=0.1 * rng.normal(size=(30, 1)),
        calibration=rng.normal(size=(2, 150, 1)),
    )
    with pytest.raises(InfeasibleError, match=r"a small error grows .*it is chaotic.*\[magnitude-out-of-range\]"):
        MeasureSensitivity((model.calibration()[0],)).run(model.circuit)
    with pytest.raises(InfeasibleError, match="it is chaotic"):
        neurocmc.compile(model, "loihi1", tmp_path / "a", neurons=8, steps="activity", figures=False)
    artifact = neurocmc.compile(model, "loihi1", tmp_path / "b", neurons=8, figures=False)
    assert open_artifact(tmp_path / "b").built.sensitivity is None
    assert artifact.manifest["options"]["steps"] == "equal"


def test_the_sensitivity_is_the_same_each_time_and_sums_up_to_one() -> None:
    first, second = (MeasureSensitivity((drives(),), seed=3).run(network("sigmoid")) for _ in range(2))
    for one, two in zip(first.populations, second.populations, strict=True):
        assert np.array_equal(one.for_decisions, two.for_decisions)
        assert np.array_equal(one.for_activity, two.for_activity)
        square = (one.high - one.low) ** 2
        assert float((one.for_decisions.sum(axis=1) * square).sum()) == pytest.approx(1.0)
        assert float((one.for_activity.sum(axis=1) * square).sum()) == pytest.approx(1.0)
    assert first.problems() == ()


@st.composite
def cut_ranges(draw: st.DrawFn) -> Segments:
    units: list[int] = []
    lows: list[float] = []
    widths: list[float] = []
    for unit in range(draw(st.integers(1, 4))):
        low = draw(st.floats(-5.0, 5.0))
        for _ in range(draw(st.integers(1, 4))):
            width = draw(st.floats(0.01, 3.0))
            units, lows, widths = [*units, unit], [*lows, low], [*widths, width]
            low = low + width
    return Segments(units=units[-1] + 1, unit=np.array(units), low=np.array(lows), width=np.array(widths))


@given(cut_ranges(), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_splitting_and_putting_together_are_inverse(segments: Segments, seed: int) -> None:
    rng = np.random.default_rng(seed)
    activity: Float = rng.normal(scale=6.0, size=segments.units)  # also beyond the range
    assert segments.whole(segments.split(activity)[None])[0] == pytest.approx(activity, abs=1e-9)
    assert tuple(segments.problems("population h", segments.size)) == ()
    inside = segments.base + rng.random(segments.units) * (segments.top - segments.base)
    shares = segments.shares(inside[segments.unit])
    assert ((shares >= 0) & (shares <= 1)).all()
    for unit in range(segments.units):  # they fill up one after the other
        own = shares[segments.unit == unit]
        assert all(before == pytest.approx(1.0) or after == 0.0 for before, after in pairwise(own))


@given(cut_ranges(), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_sums_over_the_segments_of_a_unit(segments: Segments, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(3, segments.size))
    sums = segments.summed_up_to(values)
    for unit in range(segments.units):
        own = segments.unit == unit
        assert sums[:, own] == pytest.approx(np.cumsum(values[:, own], axis=1), abs=1e-9)
        assert segments.summed(values)[:, unit] == pytest.approx(values[:, own].sum(axis=1), abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"unit": [0, 0, 2]}, "not every unit has a segment"),
        ({"width": [0.5, 0.0, 1.0]}, "a segment is empty, or not finite"),
        ({"low": [0.0, 0.7, 0.0]}, "between two segments of a unit is a gap"),
    ],
)
def test_faulty_segments_are_named(changed: dict[str, list[float]], says: str) -> None:
    sound = {"unit": [0, 0, 1], "low": [0.0, 0.5, 0.0], "width": [0.5, 0.5, 1.0]}
    arrays = {name: np.array(values) for name, values in (sound | changed).items()}
    found = tuple(Segments(units=2, **arrays).problems("population h", 3))
    assert [problem.what for problem in found] == [says]
