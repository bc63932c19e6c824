"""Say which whole numbers are seeds of a training; free of torch, so that recipes can be read without it."""

from neurocmc.common.errors import InputError, Problem

SEED_LIMIT = 2**32


def check_seed(seed: int) -> int:
    """`seed`, if it is one. Raises InputError."""
    if not 0 <= seed < SEED_LIMIT:
        raise InputError(
            Problem(
                "seed-out-of-range",
                "seed",
                f"{seed} is not a seed",
                f"give a whole number in 0 .. {SEED_LIMIT - 1:,}",
            )
        )
    return seed
