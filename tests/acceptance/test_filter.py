"""The filter on the chip: its error against the closed form is measured again. Tables: tests/literature/filter."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from neurocmc.literature.filter.equations import filtered
from neurocmc.literature.filter.family import images_of

from .filter import COMPARED, compiled, on_chip, read, recipe


@pytest.mark.slow
def test_the_error_of_the_chip_is_made_again() -> None:
    run = recipe()
    images = images_of(run).test.images[:COMPARED]
    with tempfile.TemporaryDirectory() as folder:
        seen = on_chip(compiled(run, Path(folder)), images)
    wanted = filtered(images, run.filter, run.parameters)
    error = np.sqrt(np.square(seen - wanted).mean()) / wanted.max()
    told = next(row for row in read() if row["set"] == "clean")
    assert error == pytest.approx(float(told["nrmse"]), rel=0.01)
    assert error <= 0.02
