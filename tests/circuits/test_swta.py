"""The soft winner-take-all module: its step, its stable region, its theory."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.swta_values import PARAMETERS, SwtaValues

FOUR = SwtaValues(
    units=4,
    alpha=1.2,
    alpha2=0.0,
    beta1=2.0,
    beta2=0.35,
    threshold=0.0,
    threshold_inhibit=0.0,
    tau_s=0.02,
    dt_s=0.001,
)


def loop(values: SwtaValues, drive: np.ndarray) -> np.ndarray:
    """The equations of the module's docstring, unit by unit, with neither matrices nor torch."""
    fraction = 1 - exp(-values.dt_s / values.tau_s)
    batch, ticks, units = drive.shape
    out = np.zeros((batch, ticks, units + 1))
    for trial in range(batch):
        x, y = [0.0] * units, 0.0
        for tick in range(ticks):
            rates = []
            for i in range(units):
                left = x[i - 1] if i > 0 else 0.0
                right = x[i + 1] if i < units - 1 else 0.0
                total = drive[trial, tick, i] + values.alpha * x[i] + values.alpha2 * (left + right)
                rates.append(max(0.0, total - values.beta1 * y - values.threshold))
            rate_y = max(0.0, values.beta2 * sum(x) - values.threshold_inhibit)
            x = [now + fraction * (rate - now) for now, rate in zip(x, rates, strict=True)]
            y += fraction * (rate_y - y)
            out[trial, tick] = [*x, y]
    return out


def run(values: SwtaValues, drive: np.ndarray, dtype: torch.dtype = torch.float64) -> np.ndarray:
    module = SoftWinnerTakeAll(values).to(dtype)
    with torch.no_grad():
        return module(torch.tensor(drive, dtype=dtype)).numpy()


@pytest.mark.parametrize(
    "values",
    [
        replace(FOUR, units=7, alpha=0.8, alpha2=0.15, threshold=0.05, threshold_inhibit=0.1),
        replace(FOUR, alpha=1.3, beta1=3.0, beta2=0.25, dt_s=0.002, tau_s=0.013),
    ],
)
def test_torch_steps_exactly_as_the_written_equations(values: SwtaValues) -> None:
    drive = np.random.default_rng(0).uniform(0, 0.6, (2, 5, values.units)).repeat(60, axis=1)
    expected = loop(values, drive)
    assert expected.max() > 0.3
    # The module holds its numbers in float32; the loop must see the same ones.
    rounded = replace(values, **{name: float(np.float32(getattr(values, name))) for name in PARAMETERS})
    np.testing.assert_allclose(run(values, drive), loop(rounded, drive), rtol=0, atol=1e-12)
    np.testing.assert_allclose(run(values, drive), expected, rtol=0, atol=1e-6)


def test_an_update_reads_the_old_state_of_both_populations() -> None:
    module = SoftWinnerTakeAll(FOUR)
    with torch.no_grad():
        activity = module(torch.full((1, 2, 4), 0.4))
    fraction = 1 - exp(-FOUR.dt_s / FOUR.tau_s)
    assert activity[0, 0, :4].tolist() == pytest.approx([0.4 * fraction] * 4)
    assert activity[0, 0, 4] == 0  # y saw x before its first update
    assert float(activity[0, 1, 4]) == pytest.approx(fraction * FOUR.beta2 * 4 * 0.4 * fraction)


def test_a_single_winner_has_the_gain_of_the_formula() -> None:
    values = replace(FOUR, threshold=0.02, threshold_inhibit=0.03)
    drive = np.zeros((1, 3000, 4))
    drive[..., 2] = 0.3
    end = run(values, drive)[0, -1]
    expected = (0.3 - values.threshold + values.beta1 * values.threshold_inhibit) * values.winner_gain
    assert end[2] == pytest.approx(expected, rel=1e-6)
    assert not end[[0, 1, 3]].any()


@pytest.mark.parametrize(("second", "winner"), [(1.363, 0), (1.365, 1)])
def test_the_winner_switches_at_the_ratio_beta1_beta2_g(second: float, winner: int) -> None:
    values = replace(FOUR, alpha=1.2, beta1=3.0, beta2=0.25, units=2)  # ratio 0.75 / 0.55 = 1.3636
    drive = np.zeros((1, 8000, 2))
    drive[:, :, 0] = 0.3
    drive[:, 1500:, 1] = 0.3 * second
    assert int(run(values, drive)[0, -1, :2].argmax()) == winner


@settings(max_examples=60)
@given(
    strengths=st.lists(st.floats(-3, 12), min_size=4, max_size=4),
    thresholds=st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    units=st.integers(2, 40),
    margin=st.floats(0.01, 0.5),
)
def test_projection_lands_in_the_stable_region_and_stays(
    strengths: list[float], thresholds: list[float], units: int, margin: float
) -> None:
    module = SoftWinnerTakeAll(replace(FOUR, units=units))
    with torch.no_grad():
        for name, value in zip(PARAMETERS, [*strengths, *thresholds], strict=True):
            getattr(module, name).fill_(value)
    module.project_(margin)
    values = module.values()
    assert values.problems() == ()
    assert min(getattr(values, name) for name in PARAMETERS) >= 0
    assert values.largest_excitation <= values.stability_bound - margin + 1e-5
    once = [float(getattr(module, name)) for name in PARAMETERS]
    module.project_(margin)
    assert [float(getattr(module, name)) for name in PARAMETERS] == pytest.approx(once, rel=1e-5)


def test_projection_leaves_stable_numbers_alone() -> None:
    module = SoftWinnerTakeAll(FOUR)
    before = module.values()
    module.project_()
    assert module.values() == before


def test_training_steps_towards_instability_stay_bounded() -> None:
    """Adam that rewards nothing but activity pushes alpha up for 40 steps; activity stays finite all the while."""
    torch.manual_seed(0)
    module = SoftWinnerTakeAll(FOUR, trained=PARAMETERS)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.1)
    drive = torch.rand(4, 1, 4).expand(-1, 100, -1) * 0.5
    start = float(module(drive).detach().mean())
    for _ in range(40):
        loss = -module(drive)[..., :4].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        module.project_(0.05)
        assert module.values().problems() == ()
    end = module(drive).detach()
    assert torch.isfinite(end).all()
    assert float(end.mean()) > 2 * start  # the optimiser did push
    assert module.values().largest_excitation <= module.values().stability_bound - 0.05 + 1e-5


def test_only_the_named_parameters_get_gradients() -> None:
    module = SoftWinnerTakeAll(FOUR, trained=["beta1", "threshold"])
    module(torch.rand(2, 50, 4)).sum().backward()
    grads = {name for name, parameter in module.named_parameters() if parameter.grad is not None}
    assert grads == {"beta1", "threshold"}
    assert module.beta1.grad is not None
    assert float(module.beta1.grad) < 0
    with pytest.raises(ValueError, match="no such parameters: gamma"):
        SoftWinnerTakeAll(FOUR, trained=["gamma"])


def test_gradient_of_the_dynamics_agrees_with_finite_differences() -> None:
    torch.manual_seed(1)
    drive = 0.5 * torch.rand(3, 1, 4, dtype=torch.float64).expand(-1, 80, -1)
    # Thresholds above 0: at rest a unit must not sit on the kink of its rectifier.
    values = replace(FOUR, alpha2=0.05, threshold=0.01, threshold_inhibit=0.01)
    module = SoftWinnerTakeAll(values, trained=PARAMETERS).double()
    module(drive)[:, -1].pow(2).sum().backward()
    for name in PARAMETERS:
        parameter = getattr(module, name)
        with torch.no_grad():
            sides = []
            for sign in (1, -1):
                parameter.add_(sign * 1e-6)
                sides.append(float(module(drive)[:, -1].pow(2).sum()))
                parameter.sub_(sign * 1e-6)
        assert float(parameter.grad) == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"alpha": 1.7}, "self-excitation 1.7 is not below the stability bound min(2, 1 + beta1 beta2) = 1.7"),
        ({"alpha": 2.1, "beta1": 8.0}, "self-excitation 2.1 is not below the stability bound"),
        ({"alpha": 1.4, "alpha2": 0.2}, "(alpha2 0.2 included) is not below the stability bound"),
        ({"beta1": -0.5}, "-0.5 is below 0"),
        ({"beta1": 40.0, "beta2": 2.0}, "is too coarse for beta1 beta2 = 80"),
    ],
)
def test_unstable_numbers_are_named(change: dict[str, float], what: str) -> None:
    problems = replace(FOUR, **change).problems()
    assert len(problems) == 1
    assert what in problems[0].what
    assert problems[0].cure


def test_the_bounds_are_those_of_the_dynamics() -> None:
    """Just inside each bound activity settles; just outside it grows or oscillates."""
    drive = np.full((1, 12_000, 2), 0.0)
    drive[..., 0] = 0.1
    inside, outside = (run(replace(FOUR, units=2, alpha=alpha), drive)[0] for alpha in (1.69, 1.71))
    assert abs(inside[-1, 0] - 0.1 / 0.01) < 0.1
    assert outside[-1, 0] > 2 * inside[-1, 0]
    # Discrete step: d (1 - alpha + beta1 beta2) against 2 - alpha, at d = 0.0488.
    loop_gain = (2 - 1.2) / (1 - exp(-0.05)) + 0.2
    for factor, settles in ((0.97, True), (1.03, False)):
        values = replace(FOUR, units=2, beta1=loop_gain * factor, beta2=1.0)
        swing = np.ptp(run(values, drive)[0, -500:, 0])
        assert (swing < 1e-3) == settles == (values.problems() == ())
