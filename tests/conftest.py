"""What holds for all tests: hypothesis, Lava runs only where a test asks, what needs torch is skipped without it."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.torch_extra import skip_module

# Set to nothing, it keeps `verify` from walking its edge to Lava in whichever environment a checkout has made.
os.environ.setdefault("NEUROCMC_LAVA_PYTHON", "")
# What is done in worker processes says so: elsewhere starting them would take longer than what they are to do.
os.environ.setdefault("NEUROCMC_WORKERS", "1")

# A test says how many examples it takes; the rest is said here. Neither a slow machine nor chance fails a test: there
# is no deadline, the time it takes to draw examples is not judged, and every run has the same examples, so that a
# failure is due to a change. `--hypothesis-profile=explore` draws new ones, and keeps what failed for the next run.
settings.register_profile(
    "same", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", settings.get_profile("default"), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


class _Module(pytest.Module):
    """A test module that is skipped, not failed, where its import ends at torch."""

    def _getobj(self) -> Any:
        try:
            return super()._getobj()
        except self.CollectError as error:
            skip_module(error.__cause__)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    return _Module.from_parent(parent, path=module_path)
