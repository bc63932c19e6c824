"""The emulators that others wrote: equal to ours where their semantics agree, and where not, different as documented.

docs/loihi.md has the table of differences; every line of it that is about these two is a test here. Their
environments are made on demand, as Lava's is.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.sim.loihi.compartments.network import CompartmentNetwork
from neurocmc.sim.loihi.compartments.run import run_compartments
from tests.backends.lava_running import run_script
from tests.backends.trace_check import Trace
from tests.lava_environment import peer_python

pytestmark = [pytest.mark.lava, pytest.mark.slow]

HERE = Path(__file__).parent
TICKS = 200
REGISTER = 1 << 23
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One network in the fields that all emulators have."""

    weights: Ints  # (targets, sources) mantissas, even and of both signs
    decay_u: Ints
    decay_v: Ints
    threshold_mantissa: Ints
    u_initial: Ints
    v_initial: Ints
    refractory_ticks: Ints
    bias: Ints
    exponent: int = 0
    delay: int = 0
    vmin: int = 1 - REGISTER

    def ours(self) -> Trace:
        network = CompartmentNetwork.from_arrays(
            weights=self.weights,
            weight_exponent=self.exponent,
            delay_ticks=self.delay,
            decay_u=self.decay_u,
            decay_v=self.decay_v,
            threshold=self.threshold_mantissa,
            bias=self.bias,
            u_initial=self.u_initial,
            v_initial=self.v_initial,
            refractory_ticks=self.refractory_ticks,
        )
        run = run_compartments(network, ticks=TICKS, batch=1, record=("spikes", "u", "v"), threads=1)
        return {"u": run.u[0], "v": run.v[0], "spikes": run.raster()[0]}


def case(seed: int, refractory: int = 1, *, alike: bool = False, bias: bool = True, exponent: int = 0) -> Case:
    """A network that keeps firing and seldom leaves its registers; with `alike`, all neurons have the same ones."""
    rng = np.random.default_rng(seed)
    neurons = int(rng.integers(6, 12))

    def drawn(values: tuple[int, ...]) -> Ints:
        return np.full(neurons, rng.choice(values)) if alike else rng.choice(values, neurons)

    threshold = drawn((60, 90, 200))
    return Case(
        weights=2 * rng.integers(-64, 128, (neurons, neurons)) * (rng.random((neurons, neurons)) < 0.5),
        decay_u=drawn((409, 900, 2000)),
        decay_v=drawn((10, 40, 400)),
        threshold_mantissa=threshold,
        u_initial=rng.integers(-2000, 4000, neurons),
        v_initial=rng.integers(-5000, 2 * 64 * int(threshold.max()), neurons),
        refractory_ticks=np.full(neurons, refractory),
        bias=rng.integers(0, 900, neurons) if bias else np.zeros(neurons, dtype=np.int64),
        exponent=exponent,
    )


def others(driver: str, environment: str, cases: list[Case], folder: Path) -> list[dict[str, NDArray[np.generic]]]:
    """What another emulator made of the cases."""
    python = peer_python(environment)
    if python is None:
        pytest.skip(f"{environment} needs an environment of Python 3.11")
    arrays: dict[str, Any] = {"ticks": TICKS, "names": [f"case{k}" for k in range(len(cases))]}
    for index, one in enumerate(cases):
        for name in Case.__dataclass_fields__:
            arrays[f"case{index}.{name}"] = getattr(one, name)
        if driver.startswith("nengo"):  # it has no exponent
            arrays[f"case{index}.weights"] = one.weights << one.exponent
    np.savez(folder / "networks.npz", **arrays)
    run_script(python, "-W", "ignore", HERE / driver, folder / "networks.npz", folder / "out.npz", folder=folder)
    with np.load(folder / "out.npz") as file:
        found = dict(file)
    return [
        {name.split(".")[1]: value for name, value in found.items() if name.startswith(f"case{k}.")}
        for k in range(len(cases))
    ]


def on_nengo(cases: list[Case], folder: Path) -> list[dict[str, NDArray[np.generic]]]:
    return others("nengo_loihi_driver.py", "nengo", cases, folder)


def on_brian2(cases: list[Case], folder: Path) -> list[dict[str, NDArray[np.generic]]]:
    return others("brian2_loihi_driver.py", "brian2-loihi", cases, folder)


def assert_same(one: Case, theirs: dict[str, NDArray[np.generic]]) -> None:
    ours = one.ours()
    assert ours["spikes"].sum() >= 10
    for name in ("u", "v", "spikes"):
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_nengo_loihi_is_equal_where_it_may_go_below_zero(tmp_path: Path) -> None:
    cases = [case(seed, refractory=1 + 3 * (seed % 3), exponent=seed % 2) for seed in range(12)]
    assert sum(int((one.ours()["v"] < 0).sum()) for one in cases) > 1000
    for one, theirs in zip(cases, on_nengo(cases, tmp_path), strict=True):
        assert theirs["error"] == ""
        assert_same(one, theirs)


def test_nengo_loihi_holds_voltages_above_zero_by_default(tmp_path: Path) -> None:
    """What inhibition has built up is forgotten: here most spikes are another's."""
    cases = [replace(case(seed), weights=-case(seed).weights) for seed in range(4)]
    for one, theirs in zip(cases, on_nengo([replace(one, vmin=0) for one in cases], tmp_path), strict=True):
        ours = one.ours()
        assert theirs["v"].min() == 0 > np.asarray(ours["v"]).min()
        assert theirs["spikes"].sum() > 1.5 * ours["spikes"].sum()


def test_nengo_loihi_wraps_the_input_of_a_tick_at_22_bits(tmp_path: Path) -> None:
    one = with_large_weights(case(3), 254)
    (theirs,) = on_nengo([one], tmp_path)
    ours = one.ours()["u"]
    np.testing.assert_array_equal(theirs["u"][0], ours[0])
    difference = ours[1].astype(np.int64) - theirs["u"][1]
    assert set(difference.tolist()) == {1 << 22}


def for_brian2(seed: int, refractory: int = 1, exponent: int = 0) -> Case:
    """No bias, one number for all neurons, no current at the start: what brian2-loihi has in common with the rest."""
    one = case(seed, refractory, alike=True, bias=False, exponent=exponent)
    return replace(one, u_initial=np.zeros_like(one.u_initial))


def with_large_weights(one: Case, weight: int) -> Case:
    weights, slow = np.full(one.weights.shape, weight), np.zeros_like(one.decay_u)
    return replace(one, weights=weights, exponent=6, decay_u=slow)


def test_brian2_loihi_is_equal_without_bias_and_within_the_registers(tmp_path: Path) -> None:
    cases = [
        *(for_brian2(seed) for seed in range(20, 25)),
        *(for_brian2(21, exponent=exponent) for exponent in (-1, 1, 2)),
        *(for_brian2(20, refractory) for refractory in (2, 3, 5)),
        *(replace(for_brian2(20), delay=delay) for delay in (1, 2, 5, 20, 62)),
    ]
    for one, theirs in zip(cases, on_brian2(cases, tmp_path), strict=True):
        assert np.abs(np.asarray(one.ours()["v"])).max() < REGISTER - 1
        assert_same(one, theirs)


def test_brian2_loihi_neither_wraps_nor_saturates_and_starts_a_tick_later(tmp_path: Path) -> None:
    wraps, sinks = with_large_weights(for_brian2(20), 254), with_large_weights(for_brian2(20), -256)
    started = case(20, alike=True, bias=False)
    of_wraps, of_sinks, of_started = on_brian2([wraps, sinks, started], tmp_path)
    assert of_wraps["u"].max() > REGISTER >= wraps.ours()["u"].max()
    assert of_sinks["v"].min() < 1 - REGISTER == sinks.ours()["v"].min()
    np.testing.assert_array_equal(of_started["u"][0], started.u_initial)  # we decay it in the first tick
    assert (of_started["u"][0] != started.ours()["u"][0]).any()


def test_brian2_loihi_rounds_each_weight_where_the_exponent_is_negative(tmp_path: Path) -> None:
    one = for_brian2(21, exponent=-2)
    (theirs,) = on_brian2([one], tmp_path)
    np.testing.assert_array_equal(theirs["w_act"], one.weights >> 2 << 6)
    assert (theirs["u"] != one.ours()["u"]).any()
