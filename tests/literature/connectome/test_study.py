"""A small study from end to end: trained, measured, compiled, resumed, drawn; and a file for `neurocmc compile`."""

from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz
from neurocmc.common.matrices import spectral_radius
from neurocmc.common.strict_yaml import load_document, parse_document
from neurocmc.literature.connectome.family import FAMILY
from neurocmc.literature.connectome.graphs import entropy_bits, graph_measures
from neurocmc.literature.connectome.pictures import priors
from neurocmc.literature.connectome.starts import first_weights, prior_of
from neurocmc.pipeline.study.families import FAMILIES
from neurocmc.pipeline.study.pictures import read_rows
from neurocmc.pipeline.study.plan import load_plan
from tests.cli.running import ROOT, run
from tests.literature.connectome.recipes import TINY, cells, recipe, write
from tests.torch_extra import needs_torch

pytestmark = needs_torch
STUDY = """
name: small
family: microns-rnn
recipe: recipe.yaml
variants:
  orthogonal-decision: {}
  w-star-decision: {start: w-star, prior: {file: cells.npz}}
seeds: [0, 1]
measures: [training, neurocmc.literature.connectome.measures:weights, chip]
pictures: [neurocmc.literature.connectome.pictures:priors]
compile: {target: loihi1, neurons: 64, samples: 40, seeds: [0]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that has been done."""
    made = tmp_path_factory.mktemp("study")
    (made / "recipe.yaml").write_text(TINY)
    (made / "study.yaml").write_text(STUDY)
    write(made / "cells.npz", **cells())
    neurocmc.study(made / "study.yaml", made / "out")
    return made


def test_rows_hold_what_networks_are(folder: Path) -> None:
    rows = read_rows(folder / "out" / "runs.csv")
    named = [(row["variant"], row["seed"]) for row in rows]
    assert named == [(name, seed) for seed in (0, 1) for name in ("orthogonal-decision", "w-star-decision")]
    for row in rows:
        trained = read_npz(folder / "out" / "circuits" / f"{row['variant']}-{row['seed']}.npz")["W"]
        assert row["entropy_bits"] == pytest.approx(entropy_bits(trained))
        assert row["radius"] == pytest.approx(spectral_radius(trained))
        assert row["modularity"] == pytest.approx(graph_measures(trained, row["seed"])["modularity"])
        assert row["radius_start"] == pytest.approx(1.0)
        assert 0.3 < row["accuracy"] <= 1.0
    start = first_weights(recipe(), prior_of(recipe(), 1), 1)
    assert rows[2]["entropy_bits_start"] == pytest.approx(entropy_bits(start))
    for row in rows:
        assert ("chip_agreement" in row) == (row["seed"] == 0)
    assert min(row["chip_agreement"] for row in rows if row["seed"] == 0) >= 0.95


def test_the_same_command_again_changes_nothing(folder: Path) -> None:
    names = ("runs.csv", "table.csv", "table.md")
    before = [(folder / "out" / name).read_bytes() for name in names]
    circuits = {path: path.stat().st_mtime_ns for path in (folder / "out" / "circuits").iterdir()}
    neurocmc.study(folder / "study.yaml", folder / "out", figures=False)
    assert [(folder / "out" / name).read_bytes() for name in names] == before
    assert circuits == {path: path.stat().st_mtime_ns for path in (folder / "out" / "circuits").iterdir()}


def test_the_picture_is_drawn_from_the_table(folder: Path) -> None:
    assert (folder / "out" / "figures" / "priors.png").stat().st_size > 5_000
    from matplotlib.figure import Figure

    figure = Figure()
    priors(figure, read_rows(folder / "out" / "runs.csv"))
    panels = figure.axes
    assert [text.get_text() for text in panels[0].get_yticklabels()] == ["orthogonal", "W* (both)"]
    assert (
        sum(np.size(line.get_xdata()) for line in panels[0].lines if line.get_label() == "perceptual decision") == 4
    )
    with pytest.raises(InputError, match="no accuracy to draw"):
        priors(Figure(), [{"variant": "other", "seed": 0, "accuracy": 1.0}])


def test_another_file_of_cells_is_another_study(folder: Path, tmp_path: Path) -> None:
    kept = (folder / "cells.npz").read_bytes()
    try:
        write(folder / "cells.npz", **cells(seed=5))
        shown = run("study", folder / "study.yaml", "-o", folder / "out")
    finally:
        (folder / "cells.npz").write_bytes(kept)
    assert shown.code == 2
    assert "[campaign-other]" in shown.err


def test_train_makes_one_circuit(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(TINY)
    shown = run("train", tmp_path / "recipe.yaml", "-o", tmp_path / "one.npz", "--seed", "3")
    assert shown.code == 0, shown.err
    model = neurocmc.load(tmp_path / "one.npz")
    assert model.circuit.units == 20
    arrays = read_npz(tmp_path / "one.npz")
    assert str(arrays["activation"]) == "tanh"
    assert np.bincount(arrays["test_labels"]).min() > 0


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("start: w-plus", "start"),
        ("task: chess", "task"),
        ("units: 365", "units"),
        ("penalty: {kind: none}", "penalty"),
        ("training: {positiv_only: true}", "training"),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_line(line: str, place: str) -> None:
    text = "\n".join(line if own.startswith(f"{place}:") else own for own in TINY.strip().splitlines())
    text = text if line in text else f"{text}\n{line}"
    number = text.splitlines().index(line) + 1
    with pytest.raises(InputError) as caught:
        FAMILY.checked(parse_document(text, "recipe.yaml"))
    assert caught.value.problems[0].where == f"recipe.yaml:{number}"
    assert all(problem.cure for problem in caught.value.problems)


def test_the_family_has_a_name_and_its_recipe_and_studies_are_sound() -> None:
    assert FAMILIES.built_in["microns-rnn"].endswith("connectome.family:FAMILY")
    FAMILY.checked(load_document(ROOT / "models" / "microns-rnn.yaml"))
    circuits = {"": 13 * 3, "-positive": 5 * 3, "-chip": 3 * 3, "-chip-80": 3}
    for suffix, count in circuits.items():
        plan = load_plan(ROOT / "docs" / "studies" / f"microns-rnn{suffix}" / "study.yaml")
        assert len(plan.variants) == count
        for variant in plan.variants:
            assert variant.name.endswith(f"-{variant.recipe['task']}")
            assert variant.recipe["training"]["positive_only"] == (suffix == "-positive")
