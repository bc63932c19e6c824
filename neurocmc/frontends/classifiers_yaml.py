"""Reads classifiers of a circuit written by hand: affine layers of the host, which read populations at the end.

    classifiers:
      digit:
        populations: [rnn]
        window_ms: 50
        layers:
          - {weight: {npz: weights.npz, key: V}, bias: 0}

Between two layers stands a rectifier. A classifier's answer is the largest output of its last layer.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import full
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.ticks import not_whole
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.stimulus_yaml import Fault
from neurocmc.frontends.weights_yaml import Matrix, MatrixFile, MatrixFiles, Number, Row, weight_matrix
from neurocmc.ir.rate import Classifier, HostLayer

MAX_LAYERS = 16


class LayerField(StrictModel):
    """One layer: `weight` is (outputs x inputs), `bias` one number for all outputs or one each."""

    weight: Matrix | MatrixFile
    bias: Number | Row | MatrixFile = 0.0


class ClassifierField(StrictModel):
    """Layers on the mean activities over the last `window_ms` of all units of `populations`, in that order."""

    populations: Annotated[tuple[str, ...], Field(min_length=1)]
    layers: Annotated[tuple[LayerField, ...], Field(min_length=1, max_length=MAX_LAYERS)]
    labels: tuple[str, ...] = ()
    window_ms: Annotated[float, Field(ge=1e-9, le=1e9)]


def read_classifier(
    name: str, entry: ClassifierField, units: int, dt_s: float, files: MatrixFiles, faults: list[Fault]
) -> Classifier:
    """The classifier that `entry` means, of `units` inputs; what is wrong with it joins the faults."""
    path: FieldPath = ("classifiers", name)
    layers: list[HostLayer] = []
    width, before = units, len(faults)
    for index, given in enumerate(entry.layers):
        layer = _layer(given, width, files, (*path, "layers", index), faults)
        width = layer.weight.shape[0]
        layers.append(HostLayer(weight=layer.weight, bias=layer.bias, rectify=index < len(entry.layers) - 1))
    if entry.labels and len(entry.labels) != width and len(faults) == before:
        what = f"{len(entry.labels)} labels for {width} outputs"
        faults.append(("labels-count", (*path, "labels"), what, "give one per output of the last layer, or none"))
    if fault := not_whole(entry.window_ms * 1e-3, dt_s):
        faults.append(("time-off-grid", (*path, "window_ms"), *fault))
    return Classifier(
        name=name,
        populations=entry.populations,
        layers=tuple(layers),
        labels=entry.labels,
        window_s=entry.window_ms * 1e-3,
    )


def _layer(given: LayerField, inputs: int, files: MatrixFiles, path: FieldPath, faults: list[Fault]) -> HostLayer:
    outputs = _outputs(given.weight, files)
    weight = full(weight_matrix(given.weight, outputs, inputs, files, (*path, "weight"), faults))
    bias = _bias(given.bias, files, (*path, "bias"), faults)
    if bias.shape not in ((), (outputs,)):
        what = f"{bias.size} values for {outputs} outputs"
        faults.append(("values-count", (*path, "bias"), what, "give one number, or one per output"))
        bias = np.zeros(())
    return HostLayer(weight=weight, bias=np.broadcast_to(bias, (outputs,)), rectify=False)


def _outputs(weight: Matrix | MatrixFile, files: MatrixFiles) -> int:
    if isinstance(weight, MatrixFile):
        matrix = files.matrix(weight, (), [])  # its faults are told where it is read
        return 1 if matrix is None else matrix.shape[0]
    return len(weight)


def _bias(bias: float | Row | MatrixFile, files: MatrixFiles, path: FieldPath, faults: list[Fault]) -> Float:
    if isinstance(bias, MatrixFile):
        vector = files.vector(bias, path, faults)
        return np.zeros(()) if vector is None else vector
    return np.asarray(bias, dtype=np.float64)
