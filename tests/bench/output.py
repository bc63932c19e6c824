"""Where benches print: as wide as the terminal, or wide enough for their tables where there is none."""

import sys

from rich.console import Console

PLAIN_WIDTH = 150


def bench_console() -> Console:
    """A console on stdout."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
