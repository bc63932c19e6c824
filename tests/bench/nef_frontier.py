"""The peer of the frontier of codes: the four units built with NEF for the nengo-loihi emulator, tuned by a search.

Runs in an environment of its own (requirements-nengo.txt) and never imports neurocmc. The circuit is that of
nef_swta.py, whose docstring says how it is mapped; drives come in a file.

At each size of the ensembles TRIALS networks are built and run on the first SEARCHED calibration drives. The first is
the one that nef_swta.py was tuned to by hand; each other one draws every choice anew, with a seed of its own:

- the centre of the maximal rates, from RATES_HZ, and their width, 2 to 20 % of it to either side;
- the highest intercept, .3 to .95 of the radius;
- the radius, .9 to 1.3 times the largest argument that the calibration drives visit;
- the host's pre-emphasis of the input, in three of four;
- full weight matrices, in three of four, else decode neurons;
- the membrane's time constant, 10, 20 or 40 ms, and the refractory time, 1, 2 or 4 ms where rates permit it.

The one of least median NRMSE, which is what is judged, is then run on the judged drives: the same network, seed and
all. Where it is not the first, so is the first: what is best on a few drives need not be so on others.

    python nef_frontier.py --drives drives.npz --neurons 8 64 --trials 24 --out folder

`drives.npz` holds `calibration` and `judged` (drives, ticks, units), `fixed` (ticks, units) and `largest` (2,): the
largest arguments of the units and of the inhibitory one. Each network's decoded activity goes to a file `nef-*.npz`,
and to nef.json what it is and what it costs: spikes, and of each the synapses and messages that the built model has.
All that was tried goes to `tried-*.json`.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
from nef_swta import SYSTEMS, TAU_S, TICK_S, UNITS, FloatArray, Variant, build, decoders, quieten, rate_model
from numpy.typing import NDArray

SEARCHED = 8  # calibration drives that a network of the search runs
REST_TICKS = 400  # between drives: what is left of one decays
RATES_HZ = (60.0, 90.0, 110.0, 140.0, 180.0, 250.0, 350.0)
REFRACTORY_S = (0.001, 0.002, 0.004)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a run took of the chip, in a mean drive."""

    spikes: float
    synaptic_operations: float  # spikes times the synapses that each has in the built model
    messages: float  # spikes times the groups of axons that each has
    compartments: int
    blocks: int  # ensembles and decode neurons, each on a core of its own


def by_hand(largest: FloatArray) -> Variant:
    """The variant that nef_swta.py reports as tuned, with radii from the calibration drives."""
    tuned = next(system for system in SYSTEMS if system.on_loihi).variants["tuned"]
    return replace(tuned, radii=(1.1 * float(largest[0]), 1.1 * float(largest[1])))


def drawn(largest: FloatArray, seed: int) -> Variant:
    """A variant of the search."""
    rng = np.random.default_rng(seed)
    centre, width, radius = rng.choice(RATES_HZ), rng.uniform(0.02, 0.2), rng.uniform(0.9, 1.3)
    permitted = [tau_s for tau_s in REFRACTORY_S if 1.2 * centre < 0.95 / tau_s]
    return Variant(
        max_rates_hz=(float(centre * (1 - width)), float(centre * (1 + width))),
        intercept_max=float(rng.uniform(0.3, 0.95)),
        spaced_intercepts=True,
        full_weights=bool(rng.random() < 0.75),
        pre_emphasis=bool(rng.random() < 0.75),
        radii=(float(radius * largest[0]), float(radius * largest[1])),
        tau_rc_s=float(rng.choice((0.01, 0.02, 0.04))),
        tau_ref_s=float(rng.choice(permitted)),
    )


def run(variant: Variant, drives: FloatArray, *, neurons: int, seed: int) -> tuple[FloatArray, Costs]:
    """Decoded activity (drives, ticks, units + 1) of one network on one drive after the other, and its costs."""
    rest = np.zeros((len(drives), REST_TICKS, UNITS))
    whole = np.concatenate([rest, drives], axis=1).reshape(-1, UNITS)
    network, ensembles, probes = build(variant, whole, neurons=neurons, seed=seed, on_loihi=True)
    activity = np.empty((*drives.shape[:2], UNITS + 1))
    with nengo_loihi.Simulator(network, dt=TICK_S, target="sim", seed=seed, progress_bar=False) as simulator:
        read = [decoders(one, simulator.data[one], on_loihi=True) for one in ensembles]
        counts = counted(simulator)
        total = np.zeros_like(counts)
        for index in range(len(drives)):
            simulator.run_steps(REST_TICKS)
            simulator.clear_probes()
            counts[:] = 0
            simulator.run_steps(drives.shape[1])
            total += counts
            for unit, (probe, decoder) in enumerate(zip(probes, read, strict=True)):
                raw = (simulator.data[probe] @ decoder)[:, 0]
                activity[index, :, unit] = nengo.Lowpass(TAU_S).filt(raw, dt=TICK_S, y0=0)
        synapses, axons = fan_out(simulator)
        costs = Costs(
            spikes=float(total.sum()) / len(drives),
            synaptic_operations=float(total @ synapses) / len(drives),
            messages=float(total @ axons) / len(drives),
            compartments=len(total),
            blocks=len(simulator.model.blocks),
        )
    return activity, costs


def counted(simulator: nengo_loihi.Simulator) -> NDArray[np.int64]:
    """Spikes of every compartment, those of decode neurons too: an array that goes on counting as it is stepped."""
    compartments = simulator.sims["emulator"].compartment
    counts, update = np.zeros(compartments.n_compartments, dtype=np.int64), compartments.update

    def update_and_count(rng: np.random.RandomState) -> None:
        update(rng)
        np.add(counts, compartments.spiked, out=counts)

    compartments.update = update_and_count
    return counts


def fan_out(simulator: nengo_loihi.Simulator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(compartments,) synapses whose weight is not 0, and axons, of every compartment."""
    synapses, axons = [], []
    for block in simulator.sims["emulator"].block_info.blocks:
        own = list(range(block.n_neurons))
        found = [[_synapses(axon, spike) for spike in axon.map_spikes(np.array(own))] for axon in block.axons]
        synapses += [sum(counts[one] for counts in found) for one in own]
        axons += [sum(counts[one] > 0 for counts in found) for one in own]
    return np.array(synapses), np.array(axons)


def _synapses(axon: "nengo_loihi.block.Axon", spike: "nengo_loihi.block.Axon.Spike | None") -> int:
    if spike is None or axon.target.axon_compartment_base(spike.axon_idx) is None:
        return 0
    return int(np.count_nonzero(axon.target.axon_weights_indices(spike.axon_idx, atom=spike.atom)[0]))


def errors(activity: FloatArray, drives: FloatArray) -> FloatArray:
    """(drives,) NRMSE: each unit's RMSE over time, mean over units, over the largest activity of any."""
    truth = np.stack([rate_model(drive) for drive in drives])
    return np.sqrt(np.square(activity - truth).mean(axis=1)).mean(axis=1) / truth.max(axis=(1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One network of the search, and its median NRMSE."""

    variant: Variant
    seed: int
    error: float


def search(drives: FloatArray, largest: FloatArray, *, neurons: int, trials: int) -> Iterator[Tried]:
    """Every network that is tried at one size; one that nengo-loihi cannot build is a trial all the same."""
    for seed in range(trials):
        variant = drawn(largest, seed) if seed else by_hand(largest)
        try:
            activity, _ = run(variant, drives, neurons=neurons, seed=seed)
        except (nengo.exceptions.BuildError, nengo.exceptions.ValidationError) as error:
            print(f"{neurons} neurons, trial {seed}: {error}", flush=True)
            continue
        yield Tried(variant=variant, seed=seed, error=float(np.median(errors(activity, drives))))


def judged(given: dict[str, FloatArray], out: Path, network: Tried, *, neurons: int) -> dict[str, object]:
    """Runs a network on the judged drives and the fixed one, writes its activity, and says what it is and costs."""
    activity, costs = run(network.variant, given["judged"], neurons=neurons, seed=network.seed)
    fixed, _ = run(network.variant, given["fixed"][None], neurons=neurons, seed=network.seed)
    file = f"nef-{neurons}-{network.seed}.npz"
    np.savez_compressed(out / file, judged=activity.astype(np.float32), fixed=fixed.astype(np.float32))
    found = {"neurons": neurons, "network": asdict(network), "costs": asdict(costs), "activity": file}
    print(json.dumps(found), flush=True)
    return found


def best_of(given: dict[str, FloatArray], out: Path, *, neurons: int, trials: int) -> list[dict[str, object]]:
    """Searches at one size, and judges the best network, and after it the first where that is another."""
    tried = list(search(given["calibration"][:SEARCHED], given["largest"], neurons=neurons, trials=trials))
    (out / f"tried-{neurons}.json").write_text(json.dumps([asdict(one) for one in tried], indent=2) + "\n")
    best = min(tried, key=lambda one: one.error)
    return [judged(given, out, one, neurons=neurons) for one in ([best] if best is tried[0] else [best, tried[0]])]


def main() -> None:
    """Search at every size named, and write what is best."""
    parser = argparse.ArgumentParser(description="NEF peer of the frontier of codes")
    parser.add_argument("--drives", type=Path, required=True)
    parser.add_argument("--neurons", type=int, nargs="+", required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    quieten()
    with np.load(options.drives) as file:
        given = dict(file)
    rows = [
        row for size in options.neurons for row in best_of(given, options.out, neurons=size, trials=options.trials)
    ]
    (options.out / "nef.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
