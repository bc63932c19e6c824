"""Expecting errors by their ids: what they say stands once, in docs/errors.md, and may be put better any day."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from neurocmc.common.errors import NeurocmcError, Problem


class Refused:
    """The problems that were raised; `told` is the first one."""

    problems: tuple[Problem, ...] = ()

    @property
    def told(self) -> Problem:
        return self.problems[0]


@contextmanager
def refused(*ids: str, error: type[NeurocmcError] = NeurocmcError) -> Generator[Refused]:
    """The block raises exactly these problems, in this order."""
    found = Refused()
    with pytest.raises(error) as caught:
        yield found
    found.problems = caught.value.problems
    assert [problem.id for problem in found.problems] == list(ids)
