"""The circuit equals its equations, term by term, in every variant and region; Euler by hand equals torchdiffeq's."""

import json
from math import exp
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcValues, inverse_softplus
from neurocmc.circuits.cmc.recipe import CmcCircuitRecipe
from neurocmc.circuits.cmc.stepping import Noise
from neurocmc.circuits.cmc.wiring import COUPLINGS, POPULATIONS, coupling_sources

VARIANTS = ("full", "no-ss", "no-sp", "no-ii", "no-dp", "feedforward-only", "coupling-off", "ode-off")
ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0),
    "tanh": np.tanh,
}


def made(seed: int = 0, **options: Any) -> CmcHierarchy:
    """A circuit in float64 with drawn start values."""
    recipe = CmcCircuitRecipe.model_validate_json(json.dumps({"columns": 5, "fan_in": 2} | options))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CmcHierarchy(recipe).double()


def drives(seed: int, circuit: CmcHierarchy, batch: int = 3, segments: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(batch, segments, circuit.columns, generator=generator, dtype=torch.float64)


def by_hand(circuit: CmcHierarchy, drive: Tensor, hold: int) -> dict[str, Any]:
    """The same trajectory by the equations as they are written, population by population, in numpy."""
    values: CmcValues = circuit.values()
    time, slope, bias, gain = (
        np.asarray(part) for part in (values.time_constants_s, values.slopes, values.biases, values.gains)
    )
    forward, back_sp, back_ii = (
        np.asarray(part) for part in (values.forward, values.backward_sp, values.backward_ii)
    )
    phi, centre = ACTIVATIONS[circuit.activation], 0.5 if circuit.activation == "sigmoid" else 0.0
    there = dict(zip(POPULATIONS, values.present, strict=True))
    regions, batch = range(circuit.regions), len(drive)
    p, v = (np.zeros((batch, circuit.regions, 4, circuit.columns)) for _ in range(2))
    found: dict[str, list[Any]] = {"p": [], "v": [], "rate": [], "u": []}
    for segment in np.asarray(drive).transpose(1, 0, 2):
        for _ in range(hold):
            r = phi(slope[..., None] * v + bias)
            s = {
                name: (r[:, :, i] - centre) if there[name] else np.zeros_like(r[:, :, i])
                for i, name in enumerate(POPULATIONS)
            }
            u = np.zeros_like(p)
            for n in regions:
                g = gain[n]
                ss, sp, ii, dp = (s[name][:, n] for name in POPULATIONS)
                u[:, n, 0] = -g[0] * ss - g[2] * ii - g[1] * sp
                u[:, n, 1] = g[7] * ss - g[6] * sp - g[11] * ii
                u[:, n, 2] = g[4] * ss + g[5] * dp - g[3] * ii + g[10] * sp
                u[:, n, 3] = -g[9] * dp - g[8] * ii
                u[:, n, 0] += segment if n == 0 else s["sp"][:, n - 1] @ forward[n - 1].T
                if n + 1 < circuit.regions:
                    u[:, n, 1] += s["dp"][:, n + 1] @ back_sp[n].T
                    u[:, n, 2] += s["dp"][:, n + 1] @ back_ii[n].T
            for i, name in enumerate(POPULATIONS):
                u[:, :, i] *= there[name]
            if circuit.variant == "ode-off":
                p = v = u
            else:
                fraction = (circuit.dt_s / time)[..., None]
                p, v = p + fraction * (u - p), v + fraction * (p - v)
            r = phi(slope[..., None] * v + bias) * np.array(values.present)[:, None]
            for name, part in zip(found, (p, v, r, u), strict=True):
                found[name].append(part)
    return {name: np.stack(parts, axis=1) for name, parts in found.items()}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_trajectory_is_that_of_the_equations(variant: str, activation: str) -> None:
    circuit = made(regions=3, variant=variant, activation=activation)
    drive = drives(1, circuit)
    with torch.no_grad():
        trajectory = circuit(drive, 7)
    expected = by_hand(circuit, drive, 7)
    for name in expected:
        found = getattr(trajectory, name).numpy()
        assert found.shape == (3, 28, 3, 4, 5)
        # torch takes softplus(x) for x beyond 20, where they differ by 2e-9.
        np.testing.assert_allclose(found, expected[name], atol=1e-8, rtol=1e-8, err_msg=name)
    assert np.abs(expected["v"]).max() > 0.1 or variant == "no-ss"


@settings(max_examples=20)
@given(
    regions=st.integers(1, 5),
    columns=st.integers(2, 6),
    fan_in=st.integers(1, 2),
    seed=st.integers(0, 2**16),
    hold=st.integers(1, 5),
)
def test_euler_by_hand_is_torchdiffeqs(regions: int, columns: int, fan_in: int, seed: int, hold: int) -> None:
    from neurocmc.circuits.cmc.stepping import solve

    circuit = made(seed, regions=regions, columns=columns, fan_in=fan_in)
    drive = drives(seed, circuit)
    with torch.no_grad():
        ours = circuit(drive, hold)
        constants = circuit.constants()
        theirs = solve(constants, circuit.placed(drive, constants), hold, circuit.dt_s, "euler")
    for mine, part in zip((ours.p, ours.v, ours.rate, ours.u), theirs, strict=True):
        torch.testing.assert_close(mine.flatten(2), torch.stack(part, dim=1), atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
def test_solvers_converge_with_their_order(solver: str, order: int) -> None:
    """Halving the step divides the distance to a fine solution by 2^order; sudden changes of drive included."""
    drive = drives(2, made())

    def last(name: str, finer: int) -> Tensor:
        circuit = made(solver=name, dt_s=0.005 / finer)
        like = made(solver=name, dt_s=0.005)
        circuit.load_state_dict(like.state_dict())
        # The bound on T moves with the step; T itself must not.
        span = torch.log(torch.tensor(1.0 / (4 * circuit.dt_s), dtype=torch.float64))
        share = torch.log(like.time_constants_s() / (4 * circuit.dt_s)) / span
        circuit.raw_time.data.copy_(torch.logit(share))
        with torch.no_grad():
            return circuit(drive, 6 * finer).v[:, -1]

    exact = last("rk4", 16)
    errors = [float((last(solver, finer) - exact).abs().max()) for finer in (1, 2)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.35)


def test_one_population_is_two_equal_stages_of_unit_gain() -> None:
    """With all coupling at 0, ss answers a constant drive as 1 - (1 + t/T) exp(-t/T), T steps resolved."""
    circuit = made(variant="coupling-off", solver="rk4", gains=[1e-4] * 12)
    circuit.raw_gain.data.fill_(-40.0)
    time = float(circuit.values().time_constants_s[0, 0])
    with torch.no_grad():
        v = circuit(torch.full((1, 1, 5), 1.7, dtype=torch.float64), 60).v[0, :, 0, 0, 0].numpy()
    t = circuit.dt_s * np.arange(1, 61)
    np.testing.assert_allclose(v, 1.7 * (1 - (1 + t / time) * np.exp(-t / time)), atol=1e-4)
    assert v[-1] > 1.7 * (1 - 12 * exp(-9))


def test_parameters_stay_where_they_belong_whatever_the_optimiser_does() -> None:
    circuit = made(regions=2)
    for value in (-1e3, 1e3):
        for parameter in circuit.parameters():
            parameter.data.fill_(value)
        times = circuit.time_constants_s()
        assert bool((times >= 4 * circuit.dt_s - 1e-12).all())
        assert bool((times <= 1.0 + 1e-12).all())
        assert bool((circuit.slopes() >= 0).all())
        assert bool((circuit.gains() >= 0).all())
        assert all(bool((circuit.coupling(coupling.name) >= 0).all()) for coupling in COUPLINGS)


def test_start_values_are_those_of_the_recipe() -> None:
    times, slopes = [0.03, 0.04, 0.05, 0.3], [0.5, 1.0, 2.0, 4.0]
    circuit = made(time_constants_s=times, slopes=slopes, regions=2)
    np.testing.assert_allclose(circuit.time_constants_s().detach(), [times] * 2, rtol=1e-5)
    np.testing.assert_allclose(circuit.slopes().detach(), [slopes] * 2, rtol=1e-5)
    values = torch.tensor([1e-4, 0.3, 5.0, 90.0], dtype=torch.float64)
    torch.testing.assert_close(torch.nn.functional.softplus(inverse_softplus(values)), values)


@pytest.mark.parametrize("lost", POPULATIONS)
def test_an_ablated_population_is_silent_and_unheard(lost: str) -> None:
    circuit = made(regions=2, variant=f"no-{lost}")
    index = POPULATIONS.index(lost)
    drive = drives(3, circuit)
    with torch.no_grad():
        first = circuit(drive, 5)
        circuit.bias[:, index] += 3.0
        second = circuit(drive, 5)
    for part in (first.p, first.v, first.rate):
        assert not part[:, :, :, index].any()
    torch.testing.assert_close(first.v, second.v, atol=0, rtol=0)
    values = circuit.values()
    assert values.present == tuple(name != lost for name in POPULATIONS)
    assert (values.gains.amax(dim=(0, 2)) == 0).sum() == {"ss": 5, "sp": 5, "ii": 7, "dp": 3}[lost]


def test_feedforward_only_hears_nothing_from_above() -> None:
    circuit = made(regions=3, variant="feedforward-only")
    values = circuit.values()
    assert values.forward.any()
    assert not values.backward_sp.any()
    assert not values.backward_ii.any()
    alone = made(regions=1)
    alone.load_state_dict(
        {name: value[:1] for name, value in circuit.state_dict().items() if "ward" not in name}, False
    )
    drive = drives(4, circuit)
    with torch.no_grad():
        torch.testing.assert_close(circuit(drive, 6).v[:, :, :1], alone(drive, 6).v)


@given(columns=st.integers(1, 12), pairs=st.integers(1, 4), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_couplings_are_sparse_distinct_and_balanced(columns: int, pairs: int, seed: int, data: st.DataObject) -> None:
    fan_in = data.draw(st.integers(1, columns))
    drawn = coupling_sources(columns, fan_in, pairs, seed)
    for sources in drawn.values():
        for pair in sources:
            assert all(len(set(row)) == fan_in for row in pair.tolist())
            assert (np.bincount(pair.ravel(), minlength=columns) == fan_in).all()
    again = coupling_sources(columns, fan_in, pairs, seed)
    assert all(np.array_equal(again[name], drawn[name]) for name in drawn)


def test_the_values_hold_as_many_numbers_as_are_counted() -> None:
    for variant in VARIANTS:
        circuit = made(regions=3, variant=variant)
        values = circuit.values()
        present = sum(values.present)
        used = [values.gains, values.forward, values.backward_sp, values.backward_ii]
        times = 0 if variant == "ode-off" else 3 * present
        count = sum(int((part > 0).sum()) for part in used) + times + 3 * present * (1 + circuit.columns)
        assert circuit.live_parameters() == count, variant


def test_noise_is_of_the_given_width_and_the_generators_own() -> None:
    circuit = made()
    drive = drives(5, circuit)

    def run(rate: float, relay: float, seed: int) -> Any:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            return circuit(drive, 5, Noise(rate=rate, relay=relay, generator=generator))

    clean = circuit(drive, 5)
    torch.testing.assert_close(run(0.0, 0.0, 0).v, clean.v, atol=0, rtol=0)
    noisy = run(0.1, 0.0, 0)
    off = (noisy.rate - torch.sigmoid(circuit.slopes()[..., None] * noisy.v + circuit.bias)).detach()
    assert 0.09 < float(off.abs().max()) <= 0.1
    assert float(off.mean().abs()) < 0.01
    torch.testing.assert_close(run(0.1, 0.0, 0).v, noisy.v, atol=0, rtol=0)
    assert not torch.equal(run(0.1, 0.0, 1).v, noisy.v)
    assert not torch.equal(run(0.0, 0.1, 0).v, clean.v)
    with pytest.raises(ValueError, match="noise needs the Euler solver"):
        made(solver="rk4")(drive, 5, Noise(rate=0.1, relay=0.0, generator=torch.Generator()))
