"""Delays of a circuit written by hand: one for a projection, or one for each connection."""

import re
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.ir.rate import RateProjection
from tests.made.circuit_documents import TEXT, changed, read

TO_I = "{from: e, to: i, weight: 0.5}"


def delayed(tmp_path: Path, delay: str, weight: str = "0.5") -> list[RateProjection]:
    loaded = read(tmp_path, changed((TO_I, f"{{from: e, to: i, weight: {weight}, delay_ms: {delay}}}")))
    return [p for p in loaded.circuit.projections if p.target == "i"]


@pytest.mark.parametrize(("delay", "ticks"), [("0", 0), ("3", 3), ("3.0", 3), ("62", 62)])
def test_one_number_delays_all_connections(tmp_path: Path, delay: str, ticks: int) -> None:
    (entry,) = delayed(tmp_path, delay)
    assert (entry.name, entry.delay_ticks) == ("e->i", ticks)


def test_a_matrix_is_a_projection_for_each_delay(tmp_path: Path) -> None:
    parts = delayed(tmp_path, "[[3, 0, 3]]", "[[0.1, 0.2, 0.3]]")
    assert [(p.name, p.delay_ticks, p.weight.tolist()) for p in parts] == [
        ("e->i", 0, [[0.0, 0.2, 0.0]]),
        ("e->i@3", 3, [[0.1, 0.0, 0.3]]),
    ]
    assert np.allclose(sum(p.weight for p in parts), [[0.1, 0.2, 0.3]])


def test_the_delay_of_no_connection_is_not_looked_at(tmp_path: Path) -> None:
    assert [p.name for p in delayed(tmp_path, "[[3, 0, 7]]", "[[0.1, 0.2, 0]]")] == ["e->i", "e->i@3"]


def test_a_second_projection_between_the_same_two_keeps_its_number(tmp_path: Path) -> None:
    text = changed((TO_I, f"{TO_I}\n  - {{from: e, to: i, weight: 0.1, delay_ms: [[2, 2, 1]]}}"))
    names = [p.name for p in read(tmp_path, text).circuit.projections if p.target == "i"]
    assert names == ["e->i", "e->i#2@1", "e->i#2@2"]


@pytest.mark.parametrize(
    ("delay", "fault", "message"),
    [
        ("-1", "delay-negative", "projections[0].delay_ms: a delay of -1 ms is below 0"),
        ("2.5", "time-off-grid", "projections[0].delay_ms: 2.5 ms are 2.5 steps of 1 ms"),
        ("0.2", "time-off-grid", "projections[0].delay_ms: 0.2 ms are 0.2 steps of 1 ms"),
        ("[[1, 2.5, 3]]", "time-off-grid", "projections[0].delay_ms[0][1]: 2.5 ms are 2.5 steps of 1 ms"),
        ("[[1, -2, 3]]", "delay-negative", "projections[0].delay_ms[0][1]: a delay of -2 ms is below 0"),
        ("[[1, 2]]", "delay-shape", "projections[0].delay_ms: has 1 rows of 2 numbers, 1 rows of 3 are needed"),
        ("200000", "delay-beyond-limit", "projections[0].delay_ms: a delay of 200000 ms is more than 100,000 steps"),
    ],
)
def test_what_is_no_delay_is_refused_at_its_place(tmp_path: Path, delay: str, fault: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        delayed(tmp_path, delay)
    (problem,) = refused.value.problems
    assert problem.id == fault
    assert f"circuit.yaml:8: {message}" in str(problem)
    assert problem.cure


@pytest.mark.parametrize("name", ["V1.ss", "a.b.c", "a.1"])
def test_a_name_may_hold_single_dots(tmp_path: Path, name: str) -> None:
    text = re.sub(r"\be\b(?=[:,}])", name, TEXT)
    loaded = read(tmp_path, text)
    assert loaded.circuit.populations[0].name == name


@pytest.mark.parametrize("name", [".e", "e.", "e..f", "1.e"])
def test_a_dot_neither_begins_nor_ends_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, changed(("name: pair", f"name: '{name}'")))
    assert [problem.id for problem in refused.value.problems] == ["field-wrong"]


def test_a_projection_without_filter_acts_for_one_step(tmp_path: Path) -> None:
    loaded = read(tmp_path, changed((TO_I, "{from: e, to: i, weight: 0.5, tau_ms: 0}")))
    assert [p.tau_s for p in loaded.circuit.projections if p.target == "i"] == [0.0]
