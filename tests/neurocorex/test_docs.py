"""The page of NeuroCoreX says what was measured."""

from pathlib import Path

from tests.made.tables import STUDIES, rows_of

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "neurocorex.md").read_text().split())
ROWS = rows_of(STUDIES / "neurocorex.csv")


def value(size: str, quantity: str, seed: str = "0") -> str:
    (row,) = [r for r in ROWS if (r["size"], r["quantity"], r["seed"]) == (size, quantity, seed)]
    return row["value"]


def test_the_winner_take_all_is_as_the_page_says() -> None:
    twelve = "3 units of 12"
    assert {value(twelve, "budgets missed", seed) for seed in ("0", "1")} == {"0"}
    assert {value(f"3 units of {n}", "decisions agree (winner)") for n in (8, 12, 14)} == {"1"}
    assert f"NRMSE of rates is {100 * float(value(twelve, 'NRMSE of rates')):.2f} %" in PAGE
    off, neuron = (float(value(twelve, name)) for name in ("settled rate off by at most", "activity of a neuron"))
    assert f"{off:.2f} of those of the rate circuit, where one neuron is {neuron:.2f}" in PAGE
    others = [100 * float(value(f"3 units of {n}", "NRMSE of rates")) for n in (8, 14)]
    assert (
        f"With 8 neurons the NRMSE is {others[0]:.2f} %, with 14 it is {others[1]:.2f} %; both miss a budget" in PAGE
    )
    assert {value(f"3 units of {n}", "budgets missed") for n in (8, 14)} == {"1"}


def test_the_memories_that_fit_are_exact_and_as_large_as_the_page_says() -> None:
    differ = [row for row in ROWS if row["quantity"] == "spikes that differ"]
    assert {row["value"] for row in differ} == {"0"}
    fit = {row["size"] for row in differ}
    assert {"4 cues, 7 bits", "5 cues, 6 bits", "3 cues, 8 bits", "8 cues, 3 bits"} <= fit
    assert not {"4 cues, 8 bits", "5 cues, 7 bits", "3 cues, 9 bits", "8 cues, 4 bits"} & fit
    size = "4 cues, 7 bits"
    assert f"({value(size, 'neurons')} neurons, {value(size, 'relays')} relays)" in PAGE
    for row in differ:
        cues, bits = int(row["size"].split()[0]), int(row["size"].split()[2])
        assert int(value(row["size"], "neurons")) == 3 * cues + 4 * bits + 1
        assert int(value(row["size"], "relays")) == 4 * (cues + bits)
