"""Skip by name what needs the extra [torch] where it is not installed, so that the suite runs without it as well.

A test module that imports torch, or a part of neurocmc that does, is skipped as a whole (`tests/conftest.py` asks
`skip_module`); a single test that reads a checkpoint carries the mark `needs_torch`.
"""

import pytest

from neurocmc.common.extras import is_installed

LIBRARIES = ("torch", "torchdiffeq")
REASON = "needs the extra [torch]"
needs_torch = pytest.mark.skipif(not is_installed("torch"), reason=REASON)


def skip_module(error: BaseException | None) -> None:
    """Skip the module that is being imported if what stopped it is that torch is not installed."""
    if isinstance(error, ModuleNotFoundError) and error.name in LIBRARIES:
        pytest.skip(f"{REASON}: {error}", allow_module_level=True)
