"""A million neurons on many chips: the page says what the table says, and a smaller one is read back again."""

from pathlib import Path

import pytest

from neurocmc.backends.files import stimulus_file
from neurocmc.backends.loihi.readback import run_emitted
from tests.acceptance.million import NAME, PAGE, TICKS, compiled, emulated, markdown, read, row
from tests.bench.output import table_on


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == markdown()


def test_no_spike_differs() -> None:
    by_what = {found["beside"]: found for found in read()}
    million, lava = by_what["the program read back"], by_what["Lava"]
    assert int(million["neurons"]) > 990_000
    assert int(million["chips"]) >= 8
    assert int(million["ticks"]) == TICKS
    assert int(lava["neurons"]) > 99_000
    for found in (million, lava):
        assert int(found["spikes"]) > 0
        assert int(found["differ"]) == 0


@pytest.mark.slow
def test_a_program_of_more_than_a_thousand_pools_is_read_back(tmp_path: Path) -> None:
    artifact = compiled(40_000, tmp_path)
    program, rule = artifact.directory / "program", artifact.built.integer.rule
    theirs = run_emitted(program, stimulus_file(artifact.stimuli.calibration[0].name), 0, rule)
    found = row("the program read back", artifact, emulated(artifact), theirs)
    assert int(found["spikes"]) > 100_000
    assert found["differ"] == "0"
