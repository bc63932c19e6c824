"""Draws random numbers of the core emulator: a function of where they are used, so that no order of drawing exists.

A stream belongs to one core in one tick of one trial; its words of 64 bits are numbered, and word i is

    word(key, i) = mix(key + (i + 1) G)          key = mix(mix(mix(mix(seed + G) + trial) + tick) + core)

modulo 2^64, with G = 0x9E3779B97F4A7C15 and the finaliser of splitmix64 (Steele, Lea & Flood 2014, OOPSLA)::

    mix(z): z ^= z >> 30;  z *= 0xBF58476D1CE4E5B9;  z ^= z >> 27;  z *= 0x94D049BB133111EB;  z ^= z >> 31

With N neurons a core, word n is neuron n's own: its low 31 bits give the threshold's noise, its top 8 bits the rho
of a stochastic leak. Byte n % 8 (from the low end) of word N + axon * ceil(N / 8) + n // 8 is the rho of the synapse
from that axon to neuron n. A rho of 8 bits lets |s| > rho with probability |s| / 256, always where |s| is 256.

Here stand the functions for arrays, which the reference uses; the kernel has its own for single words.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORD = (1 << 64) - 1
ETA_BITS = 31
RHO_SHIFT = 56  # a leak's rho is what is left above it

Words = NDArray[np.uint64]


def mix(z: int) -> int:
    """Applies the finaliser to one number."""
    z = (z ^ (z >> 30)) * FIRST & WORD
    z = (z ^ (z >> 27)) * SECOND & WORD
    return z ^ (z >> 31)


def trial_key(seed: int, trial: int) -> int:
    """Returns the part of a key that does not change in a trial. Seeds count modulo 2^64."""
    return mix((mix((seed + GOLDEN) & WORD) + trial) & WORD)


def core_keys(trial: int, tick: int, cores: int) -> Words:
    """Returns (cores,) keys of one tick, from a trial's key."""
    start = np.full(cores, mix((trial + tick) & WORD), dtype=np.uint64)
    return mixed(start + np.arange(cores, dtype=np.uint64))


def words(key: Words, index: NDArray[Any]) -> Words:
    """Returns the words of streams; both arguments broadcast."""
    return mixed(key + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))


def mixed(z: Words) -> Words:
    """Applies the finaliser to each number of an array."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    return z ^ (z >> np.uint64(31))
