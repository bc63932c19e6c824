"""A convolutional network of IF neurons in the shape that the paper of NIR gives its network of N-MNIST.

    python -m tests.acceptance.event_cnn FILE.nir [--seed 0]

writes it with weights drawn by the seed: the paper's own are not ours to hand on, and where neurons stand and what
they cost is a matter of the shape. Its events are drawn as well.
"""

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.ir.neurons.stimulus import EventStimulus

INPUT = (2, 34, 34)  # polarity, y, x of the camera
GAIN = 1.5  # of the root of the mean square of what a neuron's weights would have at 1 / sqrt(their number)
TRIALS, TICKS, RATE = 20, 100, 0.02  # spikes a tick of each channel


def write_event_cnn(path: Path, seed: int = 0) -> None:
    """Write the graph: 2 x 34 x 34 channels, three convolutions with two poolings, two dense layers."""
    import nir  # installed with the extra that reads such files

    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Any:
        return (GAIN * rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def convolution(sources: int, targets: int, kernel: int, stride: int, side: int) -> Any:
        return nir.Conv2d(
            input_shape=(side, side),
            weight=drawn(targets, sources, kernel, kernel),
            stride=stride,
            padding=1,
            dilation=1,
            groups=1,
            bias=np.zeros(targets, dtype=np.float32),
        )

    def fire(*shape: int) -> Any:
        return nir.IF(r=np.ones(shape), v_threshold=np.ones(shape), v_reset=np.zeros(shape))

    def pool() -> Any:
        two, none = np.array([2, 2]), np.array([0, 0])
        return nir.SumPool2d(two, two, none)

    def dense(sources: int, targets: int) -> Any:
        return nir.Affine(drawn(targets, sources), np.zeros(targets, dtype=np.float32))

    stack = [
        convolution(2, 16, 5, 2, 34),
        fire(16, 16, 16),
        convolution(16, 16, 3, 1, 16),
        fire(16, 16, 16),
        pool(),
        convolution(16, 8, 3, 1, 8),
        fire(8, 8, 8),
        pool(),
        nir.Flatten({"input": np.array([8, 4, 4])}, 0, -1),
        dense(128, 256),
        fire(256),
        dense(256, 10),
        fire(10),
    ]
    nodes = {"input": nir.Input(np.array(INPUT))}
    nodes |= {str(index): node for index, node in enumerate(stack)}
    nodes["output"] = nir.Output(np.array([10]))
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False))


def drawn_events(seed: int = 0, trials: int = TRIALS) -> EventStimulus:
    """Spikes of the camera's channels, each as likely in every tick."""
    values = np.random.default_rng(seed).random((trials, TICKS, int(np.prod(INPUT)))) < RATE
    return EventStimulus.of_dense("drawn", values.astype(np.uint8))


def main() -> None:
    """Write the file that is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.event_cnn", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_event_cnn(options.file, options.seed)


if __name__ == "__main__":
    main()
