"""`python -m neurocmc` is the `neurocmc` command."""

from neurocmc.cli.main import run

run()
