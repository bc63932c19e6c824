"""Holds the circuit of learned delays: its equations in numpy, and the model that it is compiled as.

With drives I_t of the sensors, step t = 0, 1, ... of the circuit is

    s_{t+1} = k s_t + (1 - k) I_t                     sensors; k = exp(-dt / tau), 0 without a filter
    m_{t+1} = relu(b + sum_d W_d s_{t-d})             units for motion; s is 0 before the first step

and the answer is the largest output of a linear readout of the mean of m over the window at the end. No unit has a
memory of its own: all that joins one step to another are the delays d.
"""

from dataclasses import dataclass

import numpy as np

import neurocmc
from neurocmc.api import Model
from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.literature.motion.dots import Trials

SENSORS, MOTION = "sensors", "motion"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DelayedCircuit:
    """A circuit whose units add up sensors, each synapse with a delay of its own."""

    weight: Float  # (delays, units, sensors), W of each delay
    delay_steps: Int  # (delays,), each once
    bias: Float  # (units,)
    readout: Float  # (classes, units)
    readout_bias: Float  # (classes,)
    sensor_keep: Float  # (), what the filter of a sensor keeps in a step

    def __post_init__(self) -> None:
        delays, units = self.weight.shape[:2]
        set_frozen(self, "weight", np.float64, (delays, units, None))
        set_frozen(self, "delay_steps", np.int64, (delays,))
        set_frozen(self, "bias", np.float64, (units,))
        set_frozen(self, "readout", np.float64, (None, units))
        set_frozen(self, "readout_bias", np.float64, (len(self.readout),))
        set_frozen(self, "sensor_keep", np.float64, ())

    @property
    def synapses(self) -> int:
        """Synapses that are not 0, counted for each delay."""
        return int(np.count_nonzero(self.weight))

    def motion(self, drives: Float) -> Float:
        """Returns what the units do, (trials, 1 + steps, units), for drives (trials, steps, sensors)."""
        seen = sensed(drives, float(self.sensor_keep))
        trials, steps, _ = drives.shape
        active = np.zeros((trials, 1 + steps, len(self.bias)))
        for step in range(steps):
            arriving = np.tile(self.bias, (trials, 1))
            for delay, weight in zip(self.delay_steps.tolist(), self.weight, strict=True):
                if delay <= step:
                    arriving += seen[:, step - delay] @ weight.T
            active[:, 1 + step] = np.maximum(arriving, 0.0)
        return active

    def decisions(self, drives: Float, window_steps: int) -> Int:
        """Returns (trials,) which velocity is answered, by the mean activity over so many steps at the end."""
        active = self.motion(drives)[:, -window_steps:].mean(axis=1)
        return np.argmax(active @ self.readout.T + self.readout_bias, axis=1)

    def accuracy(self, trials: Trials, window_steps: int) -> float:
        """Returns the share of trials that are answered rightly."""
        return float(np.mean(self.decisions(trials.drives, window_steps) == trials.labels))


def sensed(drives: Float, keep: float) -> Float:
    """Returns what sensors show, (trials, 1 + steps, sensors): 0, then the drives behind their filter."""
    shown = np.zeros((drives.shape[0], 1 + drives.shape[1], drives.shape[2]))
    for step in range(drives.shape[1]):
        shown[:, 1 + step] = keep * shown[:, step] + (1.0 - keep) * drives[:, step]
    return shown


def model_of(
    circuit: DelayedCircuit,
    calibration: Trials,
    test: Trials,
    *,
    name: str,
    classes: tuple[str, ...],
    dt_ms: float,
    sensor_tau_ms: float,
    window_ms: float,
) -> Model:
    """Returns the model for the compiler: sensors and units for motion as two populations, a projection a delay.

    Args:
        circuit: The trained circuit.
        calibration: Trials to match gains on.
        test: Trials to judge by.
        name: Of the circuit.
        classes: Names of the answers.
        dt_ms: The length of a step.
        sensor_tau_ms: The time constant of the sensors' filter, which `circuit.sensor_keep` is the pole of.
        window_ms: The time at the end over which the readout takes the mean.
    """
    delays, units, sensors = circuit.weight.shape
    weight = np.zeros((delays, sensors + units, sensors + units))
    weight[:, sensors:, :sensors] = circuit.weight
    into = np.concatenate([np.eye(sensors), np.zeros((units, sensors))])
    heard = np.concatenate([np.zeros((len(circuit.readout), sensors)), circuit.readout], axis=1)
    return neurocmc.from_arrays(
        weight,
        into,
        np.concatenate([np.zeros(sensors), circuit.bias]),
        form="filter-before",
        tau_ms=np.array([sensor_tau_ms, 0.0]),
        dt_ms=dt_ms,
        populations={SENSORS: sensors, MOTION: units},
        delay_ms=circuit.delay_steps * dt_ms,
        calibration=calibration.drives,
        calibration_labels=calibration.labels,
        test=test.drives,
        test_labels=test.labels,
        readout=(heard, circuit.readout_bias),
        classes=list(classes),
        window_ms=window_ms,
        name=name,
    )
