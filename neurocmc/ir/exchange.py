"""Gives recordings to the libraries that people analyse with: pandas, xarray, and neo, each an extra.

Tables are long: one row a moment and unit, or a spike. Times are in s, at the end of a tick: index t of a
recording holds what is there after the events of tick t.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.extras import need

if TYPE_CHECKING:
    from neurocmc.ir.recording import Recording

PURPOSE = "giving a recording to it"


def to_pandas(recording: "Recording") -> Any:
    """Returns activity as a long pandas.DataFrame: trial, time_s, population, unit, activity.

    Raises InputError where pandas is not installed.
    """
    need("pandas", "Recording.to_pandas", PURPOSE)
    pd: Any = import_module("pandas")
    frames: list[Any] = []
    for name, values in recording.activity.items():
        trials, ticks, units = values.shape
        trial, tick, unit = (index.ravel() for index in np.indices((trials, ticks, units)))
        frames.append(
            pd.DataFrame(
                {
                    "trial": trial,
                    "time_s": recording.tick_s * (tick + 1),
                    "population": name,
                    "unit": unit,
                    "activity": values.ravel(),
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    table["population"] = pd.Categorical(table["population"], categories=list(recording.activity))
    return table


def to_xarray(recording: "Recording") -> Any:
    """Returns activity as an xarray.Dataset: a variable a population, over trial, time_s and its own units.

    Raises InputError where xarray is not installed.
    """
    need("xarray", "Recording.to_xarray", PURPOSE)
    xr: Any = import_module("xarray")
    first = next(iter(recording.activity.values()))
    times_s = recording.tick_s * np.arange(1, first.shape[1] + 1)
    variables = {
        name: xr.DataArray(
            values,
            dims=("trial", "time_s", f"{name}_unit"),
            coords={
                "trial": np.arange(values.shape[0]),
                "time_s": times_s,
                f"{name}_unit": np.arange(values.shape[2]),
            },
            attrs={"long_name": f"activity of {name}"},
        )
        for name, values in recording.activity.items()
    }
    facts = {"level": recording.level, "stimulus": recording.stimulus, "tick_s": recording.tick_s}
    return xr.Dataset(variables, attrs=facts)


def to_neo(recording: "Recording") -> Any:
    """Returns a neo.Block: a segment a trial, with the activity of each population and a spike train each neuron.

    Activity is dimensionless. Neurons without a spike in a trial have no train in its segment.

    Raises InputError where neo is not installed.
    """
    need("neo", "Recording.to_neo", PURPOSE)
    neo: Any = import_module("neo")
    pq: Any = import_module("quantities")
    block = neo.Block(name=f"{recording.stimulus} on {recording.level}")
    end_s = recording.ticks * recording.tick_s
    for trial in range(next(iter(recording.activity.values())).shape[0]):
        segment = neo.Segment(name=f"trial {trial}")
        for name, values in recording.activity.items():
            signal = neo.AnalogSignal(
                np.asarray(values[trial], dtype=np.float64),
                units=pq.dimensionless,
                sampling_period=recording.tick_s * pq.s,
                t_start=recording.tick_s * pq.s,
                name=name,
            )
            segment.analogsignals.append(signal)
        for name, train in recording.spikes.items():
            own = np.flatnonzero(train.trial == trial)
            order = own[np.lexsort((train.tick[own], train.neuron[own], train.unit[own]))]
            keys = np.stack([train.unit[order], train.neuron[order]], axis=1)
            for unit, neuron in np.unique(keys, axis=0).tolist():
                of_neuron = order[(keys == (unit, neuron)).all(axis=1)]
                times_s = recording.tick_s * (train.tick[of_neuron] + 1)
                spikes = neo.SpikeTrain(
                    times_s * pq.s,
                    t_stop=(end_s + recording.tick_s) * pq.s,
                    name=f"{name}[{unit}].{neuron}",
                    population=name,
                    unit=unit,
                    neuron=neuron,
                )
                segment.spiketrains.append(spikes)
        block.segments.append(segment)
    return block
