"""The tables of synaptic and bit operations: the page says what they say, and what is small is counted again."""

import pytest

import neurocmc
from neurocmc.pipeline.artifact import Artifact
from tests.bench.output import table_on
from tests.made.tables import rows_of

from .bit_budget import (
    BITS,
    DIGITS,
    PAGE,
    ROWS,
    STEPS,
    TABLE,
    compiled,
    digit_rows,
    digits_markdown,
    digits_of,
    markdown,
    row,
)

MODEL = "models/swta-digits.circuit.npz"  # the same without torch


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return compiled(MODEL, "loihi1", tmp_path_factory.mktemp("bits"))


def test_the_page_has_the_tables() -> None:
    assert table_on(PAGE, "bit-budget") == markdown()
    assert table_on(PAGE, "bit-budget-digits") == digits_markdown()


def test_the_tables_have_every_case() -> None:
    assert [(entry["model"], entry["target"]) for entry in rows_of(TABLE)] == list(ROWS)
    quantised = [e for e in rows_of(DIGITS) if e["on"] == "quantised"]
    assert [(int(e["activation_bits"]), int(e["step_ticks"])) for e in quantised] == [
        (bits, step) for bits in BITS for step in STEPS
    ]


def test_the_page_says_by_how_much_and_with_which_answers() -> None:
    text = " ".join(PAGE.read_text().split())
    found = {
        target: [float(entry["ratio"]) for entry in rows_of(TABLE) if entry["target"] == target]
        for target in ("loihi1", "truenorth")
    }
    loihi, cores = found["loihi1"], found["truenorth"]
    assert f"On Loihi that comes to {min(loihi):.0f} to {max(loihi):.0f} times the bit operations" in text
    assert f"on TrueNorth to {min(cores):.0f} to {max(cores):.0f} times" in text
    digits = rows_of(DIGITS)
    rate = digits_of(digits, "rate")
    assert digits_of(digits, "quantised", "6") == digits_of(digits, "quantised", "6", "10") == rate == 197
    assert abs(digits_of(digits, "loihi1") - rate) <= 1
    assert rate - digits_of(digits, "quantised", "3") == 2
    assert digits_of(digits, "quantised", "1") == 0


def test_what_is_counted_again_is_what_the_table_says(artifact: Artifact) -> None:
    bits = neurocmc.budget(artifact).bits
    assert bits is not None
    again = {name: str(value) for name, value in row(MODEL, "loihi1", bits).items()}
    kept = next(e for e in rows_of(TABLE) if (e["model"], e["target"]) == ("models/swta-digits.pt", "loihi1"))
    assert {**again, "model": ""} == {**kept, "model": ""}


@pytest.mark.slow
def test_quantised_networks_answer_as_the_table_says(artifact: Artifact) -> None:
    """On 200 digits: the chip's accuracy stands beside those of fewer bits and longer steps."""
    again = [{name: str(value) for name, value in line.items()} for line in digit_rows([artifact])]
    kept = [entry for entry in rows_of(DIGITS) if entry["on"] not in ("truenorth", "brian2")]
    assert again == kept
