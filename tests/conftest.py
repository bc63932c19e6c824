"""What holds for all tests: Lava runs only where a test asks for it, not because an environment is there."""

import os

# Set to nothing, it keeps `verify` from walking its edge to Lava in whichever environment a checkout has made.
os.environ.setdefault("NEUROCMC_LAVA_PYTHON", "")
