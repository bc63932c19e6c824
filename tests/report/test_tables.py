"""What the terminal shows: goldens of all tables, on the program counted by hand."""

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType
from rich.measure import Measurement
from syrupy.assertion import SnapshotAssertion

from neurocmc.ir.headroom import Proved
from neurocmc.report import wording
from neurocmc.report.budget import ideal_budget
from neurocmc.report.layout import PlainTable, cell
from neurocmc.report.loihi.budget import chip_budget
from neurocmc.report.loihi.energy import estimate_energy
from neurocmc.report.loihi.losses import integer_losses
from neurocmc.report.tables import (
    CORES_LISTED,
    budget_table,
    edge_table,
    energy_table,
    gain_fit_table,
    headroom_table,
)
from neurocmc.report.truenorth.budget import core_budget
from neurocmc.report.truenorth.losses import core_losses
from tests.made import by_hand, by_hand_cores
from tests.made.targets import loihi, truenorth


def printed(*renderables: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=150, color_system=None, legacy_windows=False)
    for renderable in renderables:
        console.print(renderable)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def test_edges(snapshot: SnapshotAssertion) -> None:
    assert printed(edge_table(by_hand.edges())) == snapshot


def test_budget_of_a_chip(snapshot: SnapshotAssertion) -> None:
    assert printed(budget_table(chip_budget(by_hand.program(), loihi(), None))) == snapshot


def test_headroom(snapshot: SnapshotAssertion) -> None:
    assert printed(headroom_table(chip_budget(by_hand.program(), loihi(), None, by_hand.headroom()))) == snapshot


@pytest.mark.parametrize(
    ("proved", "text"),
    [
        (("any input", "any input"), "proved: no register overflows, whatever the host sends"),
        (
            ("any input", "calibrated input"),
            "proved: no register overflows at drives within the range of the calibration stimuli",
        ),
        (
            ("no", "calibrated input"),
            "not proved for 1 of 2 populations (c, 150 % of the current, most of it from projection a->c): if all "
            "their excitatory inputs fired together, a register would overflow; only the calibration stimuli bound "
            "them, and the emulator stops with an error if a current wraps around",
        ),
    ],
)
def test_headroom_in_a_sentence(proved: tuple[Proved, Proved], text: str) -> None:
    beyond = by_hand.headroom()[-1]
    entries = tuple(replace(beyond, proved=kind) for kind in proved)
    assert wording.overflow(chip_budget(by_hand.program(), loihi(), None, entries)) == text
    assert wording.overflow(ideal_budget(by_hand.spiking_network(), by_hand.ideal())) == ""


def test_budget_of_a_simulator(snapshot: SnapshotAssertion) -> None:
    assert printed(budget_table(ideal_budget(by_hand.spiking_network(), by_hand.ideal()))) == snapshot


def test_energy(snapshot: SnapshotAssertion) -> None:
    assert printed(energy_table(estimate_energy(by_hand.program(), loihi(), by_hand.load()))) == snapshot


def test_energy_that_nobody_published(snapshot: SnapshotAssertion) -> None:
    program, target = replace(by_hand.program(), target="loihi2"), loihi("loihi2")
    assert printed(energy_table(estimate_energy(program, target, by_hand.load()))) == snapshot


def test_gain_fits_and_losses(snapshot: SnapshotAssertion) -> None:
    losses = integer_losses(by_hand.integer_network())
    assert printed(gain_fit_table(by_hand.spiking_network()), losses.render()) == snapshot


@pytest.mark.parametrize("name", ["truenorth", "ranc"])
def test_neurosynaptic_cores(name: str, snapshot: SnapshotAssertion) -> None:
    program = by_hand_cores.core_program(name)
    budget = core_budget(program, truenorth(name), by_hand_cores.core_load())
    assert budget.energy is not None
    assert printed(budget_table(budget), energy_table(budget.energy), core_losses(program).render()) == snapshot


def test_of_many_cores_only_the_fullest_are_listed() -> None:
    budget = chip_budget(by_hand.program(), loihi(), None)
    full, empty = budget.cores[1], budget.cores[0]
    many = tuple(replace(full if core >= 20 else empty, core=core) for core in range(20 + CORES_LISTED))
    text = printed(budget_table(replace(budget, cores=many)))
    listed = [line.split()[0] for line in text.splitlines() if line.endswith("a, b")]
    assert listed == [str(core) for core in range(20, 20 + CORES_LISTED)]
    assert f"the {CORES_LISTED} fullest of {len(many)} cores" in text


def test_names_are_never_markup() -> None:
    network = by_hand.spiking_network(population="[bold]a[/bold][/]")
    assert "[bold]a[/bold][/]" in printed(gain_fit_table(network))


@pytest.mark.parametrize(
    ("value_pj", "text"),
    [
        (0.0, "0 pJ"),
        (3.825, "3.83 pJ"),
        (818.4, "818 pJ"),
        (1.04e8, "104 µJ"),
        (2.08e10, "20.8 mJ"),
        (None, "not published"),
    ],
)
def test_energies_carry_the_prefix_that_fits(value_pj: float | None, text: str) -> None:
    assert wording.energy(value_pj) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0488, "of range", "4.88 % of range"),
        (0.0012, "relative", "0.12 %"),
        (3.2e-6, "activity", "3.2e-06 activity"),
        (0.0, "of 1,204", "0 of 1,204"),
        (6.6e-17, "relative", "0 %"),
        (None, "", "–"),
    ],
)
def test_amounts_carry_their_unit(value: float | None, unit: str, text: str) -> None:
    assert wording.amount(value, unit) == text


@pytest.mark.parametrize("width", range(44, 130, 3))
def test_no_word_and_no_number_is_broken_at_any_width(width: int) -> None:
    """Every word of a cell stands whole in some line, as long as the page has room for all that must not break."""
    words = ["excite->inhibit", "0.000511 %", "mantissa exponent", "excitatory", "1,048,576", "NRMSE of rates"]
    table = PlainTable("rounding")
    for index, name in enumerate(("!projection", "gain loss", "form", "sign", "bits", "quantity")):
        table.column(name.lstrip("!"), right=index in (1, 4), unbroken=name.startswith("!"))
    for _ in range(3):
        table.add_row(*(cell(word) for word in words))
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    least = Measurement.get(console, console.options.update(width=1000), table).minimum
    console = Console(file=io.StringIO(), width=max(width, least), color_system=None, legacy_windows=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert max(len(line) for line in printed.splitlines()) <= max(width, least)
    for word in " ".join(words).split():
        assert printed.split().count(word) == 3 * " ".join(words).split().count(word), word
