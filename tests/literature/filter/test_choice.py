"""The rule by which the settings were chosen, and that they were."""

from neurocmc.common.strict_yaml import load_document
from neurocmc.literature.filter.choice import CHOSEN_BY, chosen
from neurocmc.pipeline.study.pictures import read_rows
from neurocmc.pipeline.study.plan import load_plan

from .settings import CHOICE, RECIPE, STUDY


def row(variant: str, seed: int, *values: float) -> dict[str, object]:
    return {"variant": variant, "seed": seed, **dict(zip(CHOSEN_BY, values, strict=True))}


def test_the_highest_mean_over_sets_and_seeds_stands_and_of_equals_the_first() -> None:
    rows = [
        row("dog-1", 0, 0.9, 0.5, 0.5, 0.5),
        row("dog-2", 0, 0.5, 0.75, 0.75, 0.75),
        row("dog-3", 0, 0.75, 0.75, 0.75, 0.5),
        row("min_max-1", 0, 0.25, 0.25, 0.25, 0.25),
    ]
    assert chosen(rows) == {"dog": "dog-2", "min_max": "min_max-1"}
    later = [*rows, *(row(f"dog-{n}", 1, x, x, x, x) for n, x in ((1, 0.5), (2, 0.25), (3, 0.75)))]
    assert chosen(later)["dog"] == "dog-3"


def test_what_was_chosen_stands_in_the_recipe() -> None:
    tried = {variant.name: variant.recipe["parameters"] for variant in load_plan(CHOICE / "study.yaml").variants}
    best = chosen(read_rows(CHOICE / "runs.csv"))
    assert {name: tried[variant] for name, variant in best.items()} == load_document(RECIPE).data["filters"]
    assert len(best) == 7
    assert len(tried) == 42


def test_each_filter_was_tried_as_often_with_seeds_that_the_table_has_not() -> None:
    choice, table = load_plan(CHOICE / "study.yaml"), load_plan(STUDY / "study.yaml")
    counted: dict[str, int] = {}
    for variant in choice.variants:
        assert variant.recipe["judged_on"] == "choice"
        counted[variant.recipe["filter"]] = counted.get(variant.recipe["filter"], 0) + 1
    assert set(counted.values()) == {6}
    assert not set(choice.study.seeds) & set(table.study.seeds)
    assert {v.recipe["filter"] for v in table.variants} == {"plain", *counted}
