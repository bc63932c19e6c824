"""The error of both codes falls with the neurons of a unit as theory has it: the study of docs, with fewer points."""

import numpy as np
import pytest

from neurocmc.targets import Code, LoihiTarget, load_target
from tests.bench.error_against_neurons import PAGE, ROOT, Experiment, Slope, experiments, measure

NEURONS = (16, 48, 128, 256)


@pytest.fixture(scope="module")
def studies() -> dict[str, Experiment]:
    return {experiment.title: experiment for experiment in experiments()}


def slope(experiment: Experiment, code: Code) -> Slope:
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    fitted = Slope.of(measure(experiment, code, NEURONS, target, code).series)
    print(f"\n    {experiment.title}, {code}: slope {fitted}", end="")
    return fitted


def test_threshold_code_falls_as_one_over_n(studies: dict[str, Experiment]) -> None:
    assert slope(studies["One pool, steps"], "threshold").value == pytest.approx(-1.0, abs=0.3)


def test_recurrence_keeps_the_slope_of_the_threshold_code(studies: dict[str, Experiment]) -> None:
    """Steeper is no fault: the smallest pools lose more in the loop than out of it."""
    assert slope(studies["Four-unit sWTA"], "threshold").value <= -0.7


def test_rate_code_falls_to_its_ripple(studies: dict[str, Experiment]) -> None:
    """It falls, less steeply than the -.5 of independent neurons: what is left is ripple, as docs explain."""
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    measured = measure(studies["One pool, steps"], "rate", NEURONS, target, "rate")
    fitted = Slope.of(measured.series)
    print(f"\n    One pool, steps, rate: slope {fitted}", end="")
    assert fitted.value + 2.0 * fitted.error < 0.0
    standing, ripple = (measured.parts[part].mean(axis=0)[-1] for part in ("standing", "ripple"))
    assert standing < 0.5 * ripple


def test_the_threshold_code_is_within_half_a_neuron(studies: dict[str, Experiment]) -> None:
    """RMS of a uniform rounding error of one neuron, 1/(N sqrt 12) of the ceiling, which is 1.1 of the range."""
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    series = measure(studies["One pool, steps"], "threshold", NEURONS, target, "threshold").series
    bound = 1.1 / (np.array(NEURONS) * np.sqrt(12.0))
    np.testing.assert_allclose(series.mean, bound, rtol=0.25)


def test_the_page_holds_the_tables_and_the_picture() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for experiment in experiments():
        body = text.split(f"<!-- table: {experiment.title} -->")[1].split("<!-- end:")[0]
        assert [line.split("|")[1].strip() for line in body.strip().splitlines()][:3] == ["N", "---:", "16"]
    assert "pictures/error-against-neurons.png" in text
    assert (ROOT / "docs" / "pictures" / "error-against-neurons.png").is_file()
