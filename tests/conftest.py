"""What holds for all tests: the examples of hypothesis, and that Lava runs only where a test asks for it."""

import os

from hypothesis import HealthCheck, settings

# Set to nothing, it keeps `verify` from walking its edge to Lava in whichever environment a checkout has made.
os.environ.setdefault("NEUROCMC_LAVA_PYTHON", "")

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
