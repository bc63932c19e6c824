"""The page of the filter says what its tables hold, and the tables hold what the page says was reached."""

import re

import pytest

from neurocmc.literature.filter.pairs import SETS, VARIANTS, accuracy, gain
from neurocmc.pipeline.study.pictures import read_rows
from tests.acceptance import filter as made
from tests.bench.output import table_on

from .settings import CHOICE, PAGE, ROOT, STUDY

MEASURED = PAGE.read_text(encoding="utf-8").partition("## Measured")[2]
PROSE = re.sub(r"\s+", " ", re.sub(r"<!-- table: .*?<!-- end: \w+ -->", "", MEASURED, flags=re.DOTALL))
RUNS, HAZY, CHIP = made.runs(), made.in_haze(), made.read()


def points(variant: str, name: str) -> str:
    found = gain(HAZY if name.startswith("haze_") or variant.startswith("beta") else RUNS, variant, name)
    return f"{found.mean:+.1f} ± {found.half_width:.1f}"


def percent(variant: str, name: str) -> str:
    return f"{accuracy(RUNS, variant, name).mean:.1f} %"


def cost(name: str) -> str:
    return f"{-gain(RUNS, 'swta', name).mean:.1f} points"


def better_than_the_filter(variant: str) -> int:
    return sum(accuracy(RUNS, variant, name).mean > accuracy(RUNS, "swta", name).mean for name in SETS)


def brighter(variant: str) -> int:
    """How many of 400 brighter images were read when settings were chosen."""
    (row,) = (row for row in read_rows(CHOICE / "runs.csv") if row["variant"] == variant)
    return round(400 * row["brighter"])


def lost(name: str) -> float:
    """Points that the transformer loses most on the chip; below 0 where all gain."""
    return max(100 * (float(row["closed_form"]) - float(row["chip"])) for row in CHIP if row["set"] == name)


def most_gained(name: str) -> float:
    return max(100 * (float(row["chip"]) - float(row["closed_form"])) for row in CHIP if row["set"] == name)


# Each as it stands on the page, and what it must say.
QUOTES = {
    "gains": f"by {points('swta', 'uci_centred')} points on UCI's centred digits, {points('swta', 'noise')} with "
    f"noise and {points('swta', 'gradient')} on a gradient",
    "costs": f"It costs {cost('clean')} on clean digits and {cost('salt_pepper')} with salt and pepper",
    "DoG": f"is read better than the filter on {better_than_the_filter('dog')} of the {len(SETS)} sets",
    "augmentation": f"gains as much on UCI's centred digits, {points('augmentation', 'uci_centred')}, and more with "
    f"noise, {points('augmentation', 'noise')}",
    "across": f"most, {points('dog', 'uci_to_mnist')}, is that of the difference of Gaussians",
    "noise": f"{percent('one_pass', 'noise')} against {percent('swta', 'noise')} with noise",
    "centred": f"{percent('one_pass', 'uci_centred')} against {percent('swta', 'uci_centred')} on UCI's centred",
    "haze as contrast": f"reads haze as it reads low contrast, {percent('one_pass', 'haze')} both times",
    "half": f"At 50 % of the light the filter that the rule chose gains {points('swta', 'haze_50')} points",
    "table": f"at 30 %, which is the haze of the table, {points('swta', 'haze_30')}, while beta 9 gains "
    f"{points('beta-9', 'haze_30')} there",
    "choice": f"of 400 images that are only brighter {brighter('swta-6')} are read with it, and {brighter('swta-3')} "
    "with 3",
    "beta 9": f"On UCI's centred digits beta 9 gains {points('beta-9', 'uci_centred')}, with noise "
    f"{points('beta-9', 'noise')}",
    "cores": f"It takes {CHIP[0]['cores']} cores",
    "lost": f"loses more than {lost('clean'):.1f} points on digits, {lost('noise'):.1f} with noise",
    "hazy chip": f"read better by up to {most_gained('haze'):.1f} points",
}


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES.keys())
def test_the_prose_says_what_was_measured(quote: str) -> None:
    assert quote in PROSE


def test_no_other_measured_number_stands_in_the_prose() -> None:
    left = PROSE
    for quote in QUOTES.values():
        left = left.replace(quote, "")
    known = {"0.01 %"}  # the limit of the edge
    assert set(re.findall(r"\d+\.\d+(?: %)?", left)) <= known


@pytest.mark.parametrize("name", ["accuracy", "gain", "haze", "chip"])
def test_the_tables_of_the_page_are_those_of_the_runs(name: str) -> None:
    assert table_on(PAGE, name) == made.tables()[name]


def test_every_variant_has_all_seeds_and_sets() -> None:
    assert [(row["seed"], row["variant"]) for row in RUNS] == [(s, v) for s in range(5) for v in VARIANTS]
    assert all(set(SETS) < set(row) for row in RUNS)


def test_what_is_in_two_studies_is_the_same_in_both() -> None:
    shared = {"clean": "clean", "uci_centred": "uci_centred", "noise": "noise", "haze": "haze_30"}
    for variant in ("plain", "swta"):
        for row, other in zip(
            (row for row in RUNS if row["variant"] == variant),
            (row for row in HAZY if row["variant"] == variant),
            strict=True,
        ):
            assert {name: row[name] for name in shared} == {name: other[shared[name]] for name in shared}


def test_what_was_promised_is_kept_but_for_the_haze_of_the_table() -> None:
    assert gain(RUNS, "swta", "uci_centred").mean >= 5.0
    assert gain(RUNS, "swta", "noise").mean >= 35.0
    # Short with the setting and the haze that were fixed before; with thinner haze, or more inhibition, reached.
    assert gain(RUNS, "swta", "haze").mean < 55.0 <= gain(HAZY, "swta", "haze_50").mean
    assert all(
        gain(HAZY, "beta-9", name).mean >= least
        for name, least in (("uci_centred", 5.0), ("noise", 35.0), ("haze_30", 55.0))
    )


def test_one_pass_reads_haze_as_contrast_and_gains_across_data_sets_are_small() -> None:
    for row in RUNS:
        if row["variant"] == "one_pass":
            assert row["haze"] == pytest.approx(row["contrast"], abs=0.002)
    most = max(VARIANTS, key=lambda variant: gain(RUNS, variant, "uci_to_mnist").mean)
    assert most == "dog"
    found = gain(RUNS, most, "uci_to_mnist")
    assert found.mean - found.half_width < 0.0


def test_the_chip_keeps_what_was_promised() -> None:
    assert [(row["seed"], row["set"]) for row in CHIP] == [(str(s), n) for s in range(5) for n in made.JUDGED]
    for row in CHIP:
        assert (row["images"], row["nrmse_images"]) == ("1000", "200")
        if row["set"] == "clean":
            assert float(row["nrmse"]) <= 0.02
            assert abs(float(row["closed_form"]) - float(row["chip"])) <= 0.01
    assert lost("haze") < 0.0


def test_the_study_holds_its_files_and_its_picture_is_small() -> None:
    assert 10_000 < (ROOT / "docs" / "pictures" / "gallery-filter-vit.png").stat().st_size <= 150_000
    wanted = ["README.md", "chip.csv", "runs.csv", "study.yaml", "table.csv", "table.md"]
    assert sorted(path.name for path in STUDY.iterdir()) == wanted
