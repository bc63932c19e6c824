"""The family's refusals, and that a run depends on the parameters of its own filter alone."""

import pytest

from neurocmc.common.errors import InputError
from neurocmc.literature.filter.family import FAMILY, images_of

from .settings import RECIPE, SMALL, checked, run_of


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("filter: swta", "filter: median", "filter"),
        ("beta: 3}\n  one", "beta: 0}\n  one", "filters.swta.beta"),
        ("alpha: 0.5, beta: 3}\n  one", "alpha: 1, beta: 3}\n  one", "filters.swta.alpha"),
        ("surround_px: 2", "surround_px: 1", "surround_px is not above centre_px"),
        ("cut: 0.01", "cut: 0.5", "filters.min_max.cut"),
        ("patch_px: 14", "patch_px: 5", "5 pixels do not divide the 28 of an image"),
        ("heads: 2", "heads: 3", "3 heads do not share a width of 8"),
        ("window_ms: 50", "window_ms: 400", "window_ms is longer than duration_ms"),
        ("epochs: 1", "epoch: 1", "training.epoch"),
    ],
)
def test_faults_are_told_with_their_line(old: str, new: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        checked(SMALL.replace(old, new))
    assert any(told in str(problem) for problem in refused.value.problems)
    assert all(problem.where.startswith("recipe.yaml:") for problem in refused.value.problems)


def test_a_run_depends_on_its_own_filter_alone() -> None:
    other = SMALL.replace("centre_px: 1,", "centre_px: 0.5,")
    assert checked(other) == checked(SMALL)
    assert checked(other.replace("filter: swta", "filter: dog")) != checked(
        SMALL.replace("filter: swta", "filter: dog")
    )
    assert checked(SMALL.replace("filter: swta", "filter: plain"))["parameters"] == {}


def test_images_of_another_form_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocmc.literature.filter.family.SIDE", 14)
    with pytest.raises(InputError) as refused:
        images_of(run_of())
    assert "1 x 28 x 28" in str(refused.value)


def test_the_recipe_of_the_models_is_sound() -> None:
    from neurocmc.common.strict_yaml import load_document

    assert FAMILY.checked(load_document(RECIPE))["filter"] == "swta"
