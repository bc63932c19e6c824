"""Writes spikes of training digits, which scales are chosen on: none that a network is judged by.

    python calibration_driver.py FOLDER [--trials 200]

writes FOLDER/calibration.npz: `input`, (trials, 32, 64), and `labels`, of the first of the 1,297 training digits, in
the first of the draws that they were trained with.
"""

import argparse
from pathlib import Path

import digits
import numpy as np

FIRST_DRAW = 2  # the seed of it; that of the test digits is 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes spikes of training digits.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=200)
    options = parser.parse_args()
    spikes, labels = digits.digit_spikes(seed=FIRST_DRAW)
    own = slice(min(options.trials, digits.TRAINING))
    options.folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.folder / "calibration.npz", input=spikes[own], labels=labels[own])


if __name__ == "__main__":
    main()
