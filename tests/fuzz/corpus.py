"""Small sound files of every kind, made once a campaign: what mutations start from, and what they are put beside."""

import json
import shutil
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.cli.running import ROOT, run

DONE = "whole-3"  # a file that is written last, of another name where the corpus is another one

SWTA: dict[str, Any] = {
    "name": "four",
    "dt_ms": 1,
    "form": "filter-after",
    "populations": {"excite": {"size": 4, "tau_ms": 20, "transfer": "relu"}, "inhibit": {"size": 1, "tau_ms": 20}},
    "projections": [
        {"from": "excite", "to": "excite", "weight": {"pattern": "one-to-one", "value": 0.8}},
        {"from": "inhibit", "to": "excite", "weight": -2},
        {"from": "excite", "to": "inhibit", "weight": [[0.35, 0.35, 0.35, 0.35]]},
    ],
    "inputs": {"drive": {"to": "excite"}},
    "readouts": {
        "winner": {"population": "excite", "kind": "winner", "labels": ["a", "b", "c", "d"], "window_ms": 10}
    },
    "stimuli": {
        "switch": {
            "duration_s": 0.06,
            "label": 1,
            "steps": [{"at_s": 0.01, "drive": [0.3, 0.5, 0.2, 0.1]}, {"at_s": 0.05, "drive": 0}],
        }
    },
}
BEFORE: dict[str, Any] = {
    "name": "before",
    "dt_ms": 1,
    "form": "filter-before",
    "populations": {
        "a": {
            "size": 2,
            "tau_ms": 8,
            "transfer": "sigmoid",
            "gain": [0.9, 1.1],
            "threshold": [0.05, -0.05],
            "bias": 0.1,
            "initial": [0.2, 0.4],
            "order": 1,
        },
        "b": {"size": 3, "tau_ms": 25, "transfer": "softplus", "saturation": 4.0, "observe_ms": 5},
    },
    "projections": [
        {"from": "a", "to": "b", "weight": [[0.2, -0.1], [0.1, 0.2], [0.0, 0.1]], "order": 1},
        {"from": "b", "to": "a", "weight": {"pattern": "all-to-all", "value": -0.1}},
        {"from": "b", "to": "b", "weight": {"pattern": "neighbours", "value": 0.05}},
    ],
    "inputs": {
        "drive": {"to": "a", "channels": 3, "weight": [[0.3, 0.2, 0.1], [0.4, 0.1, 0.2]]},
        "late": {"to": "b"},
    },
    "readouts": {"shown": {"population": "b", "kind": "activity", "window_ms": 10}},
    "stimuli": {
        "trials": {
            "duration_s": 0.05,
            "trials": [
                {"steps": [{"at_s": 0.0, "drive": [0.5, 0.2, 0.8]}, {"at_s": 0.02, "late": 0.4}]},
                {"steps": [{"at_s": 0.005, "drive": 0.3}]},
            ],
        },
        "noisy": {
            "duration_s": 0.04,
            "use": "test",
            "steps": [{"at_s": 0, "drive": 0.4}],
            "noise": {"std": {"drive": 0.05}, "redraw_ms": 4, "seeds": 2, "seed": 1, "from_s": 0.01, "until_s": 0.03},
        },
    },
}
SECOND: dict[str, Any] = {
    "name": "second",
    "dt_ms": 2,
    "form": "filter-after",
    "populations": {
        "x": {"size": 2, "tau_ms": 20, "order": 2, "transfer": "relu", "saturation": 1.5, "initial": 0.1}
    },
    "projections": [{"from": "x", "to": "x", "weight": [[0.4, -0.3], [-0.3, 0.4]]}],
    "inputs": {"drive": {"to": "x", "weight": {"pattern": "one-to-one", "value": 0.8}}},
    "readouts": {"winner": {"population": "x", "kind": "winner", "window_ms": 20}},
    "stimuli": {"s": {"duration_s": 0.1, "steps": [{"at_s": 0.02, "drive": [0.6, 0.2]}]}},
}
RECIPE = """family: cmc
task: mnist-5k
images: 50
circuit: {columns: 3, fan_in: 2}
retina: {channels: 1, mixed: 2}
gaze: {hold_ticks: 2}
readout: {window_ticks: 2}
training: {epochs: 2, batch_size: 20, rate_noise: 0.01}
"""
STUDY = """name: small
recipe: recipe.yaml
regions: [1]
variants: [full]
seeds: [0]
compile: {target: brian2, neurons: 4, samples: 2}
figures: {of: [full], images: 10, landscape_points: 0}
"""
SWEEP = """name: small
circuits: [circuit.yaml]
targets: [loihi1]
codes: [threshold, rate]
neurons: [2]
seeds: [0]
samples: 1
compile: {steps: equal, planes: 1}
"""
MEASURED = """name: small
family: written
recipe: circuit.yaml
variants: {whole: {}, slow: {populations: {inhibit: {tau_ms: 30}}}}
seeds: [0]
measures: [circuit, training]
"""
# Networks of spiking neurons: the target of an artifact -> the network in it.
NEURON_TARGETS = {"loihi1": "layers", "loihi2": "loop", "brian2": "loop"}
EVENTS = ("dense", "ticks", "times", "recorded")
TARGETS = ("brian2", "loihi1", "ranc", "truenorth")
BEHAVIOURS = ("interneurons", "turnstile", "context-decision", "memory-items", "sequence")
RECIPES = ("swta-digits", "cmc-v1v3", "delayed-match", "context-integration")


@dataclass(frozen=True)
class Corpus:
    """The files below a folder."""

    folder: Path

    @cached_property
    def circuits(self) -> tuple[dict[str, Any], ...]:
        return SWTA, BEFORE, SECOND

    @cached_property
    def behaviours(self) -> tuple[Any, ...]:
        return tuple(yaml.safe_load((ROOT / "models" / f"{name}.yaml").read_text()) for name in BEHAVIOURS)

    @cached_property
    def recipes(self) -> tuple[Any, ...]:
        of_models = (yaml.safe_load((ROOT / "models" / f"{name}.yaml").read_text()) for name in RECIPES)
        return (yaml.safe_load(RECIPE), *of_models)

    @cached_property
    def targets(self) -> tuple[Any, ...]:
        return tuple(yaml.safe_load(path.read_text()) for path in sorted((ROOT / "targets").glob("*.yaml")))

    @cached_property
    def checkpoints(self) -> tuple[bytes, ...]:
        bundled = (ROOT / "models" / f"{name}.pt" for name in ("swta-digits", "context-integration", "delayed-match"))
        return (*(path.read_bytes() for path in bundled), (self.folder / "m.pt").read_bytes())

    @cached_property
    def circuit_files(self) -> tuple[bytes, ...]:
        names = ("swta-digits", "context-integration", "delayed-match")
        return tuple((ROOT / "models" / f"{name}.circuit.npz").read_bytes() for name in names)

    def artifact(self, target: str) -> Path:
        """A small artifact for a target, not to be changed."""
        return self.folder / f"for-{target}"

    def neuron_artifact(self, target: str) -> Path:
        """A small artifact of a network of spiking neurons, not to be changed."""
        return self.folder / f"neurons-{target}"

    def read(self, name: str) -> bytes:
        """The bytes of one of the files."""
        return (self.folder / name).read_bytes()

    def tree(self, name: str) -> Any:
        """What a YAML or JSON file of them holds."""
        return yaml.safe_load(self.read(name))


def make_corpus(folder: Path) -> Corpus:
    """The corpus below `folder`, made if it is not there whole. Raises RuntimeError where a command refuses."""
    if not (folder / DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _make_artifacts(folder)
        _make_stimuli(folder)
        _make_neurons(folder)
        _make_cores(folder)
        _make_images(folder)
        _make_trainings(folder)
        _make_campaigns(folder)
        (folder / DONE).touch()
    return Corpus(folder)


def _sound(*arguments: str | Path) -> None:
    shown = run(*arguments)
    if shown.code != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))} failed: {shown.err}")


def _make_artifacts(folder: Path) -> None:
    (folder / "circuit.yaml").write_text(yaml.safe_dump(SWTA, sort_keys=False))
    for target in TARGETS:
        _sound(
            "compile", folder / "circuit.yaml", "--target", target, "--neurons", "4", "-o", folder / f"for-{target}"
        )


def _make_stimuli(folder: Path) -> None:
    from neurocmc.ir.stimulus import Stimulus
    from neurocmc.ir.store import save_stimulus

    stimulus = Stimulus(
        name="mine",
        duration_s=0.03,
        edges_s=np.array([0.0, 0.01]),
        labels=np.array([1, -1]),
        values={"drive": np.random.default_rng(0).uniform(0, 1, (2, 2, 4)).round(2)},
    )
    save_stimulus(stimulus, folder / "stimulus.npz")


def _make_neurons(folder: Path) -> None:
    """Networks of spiking neurons, spikes for them in every form, and artifacts."""
    from neurocmc.common.files import write_npz
    from tests.fuzz.neuron_files import CHANNELS, SOUND, content_of

    for name, sound in SOUND.items():
        (folder / f"{name}.nir").write_bytes(content_of(sound.tree))
    rng = np.random.default_rng(0)
    spikes = (rng.random((3, 20, CHANNELS)) < 0.3).astype(np.uint8)
    trial, tick, channel = np.nonzero(spikes)
    recorded = {f"recorded/lif{n}": np.zeros((3, 20, size), dtype=np.uint8) for n, size in ((1, 5), (2, 3))}
    labels = np.array([0, 2, -1])
    forms: dict[str, dict[str, Any]] = {
        "dense": {"name": np.array("mine"), "spikes": spikes, "labels": labels},
        "ticks": {"trial": trial, "tick": tick, "channel": channel, "ticks": np.array(20), "labels": labels},
        "times": {"trial": trial, "time_s": 1e-4 * tick, "channel": channel, "labels": labels},
        "recorded": {"input/spikes": spikes, "labels": labels, **recorded},
    }
    for form in EVENTS:
        write_npz(folder / f"events-{form}.npz", forms[form])
    for target, name in NEURON_TARGETS.items():
        rules = ("--semantics", "snntorch-1", "--reset", "subtract", "--events", folder / "events-ticks.npz")
        _sound("compile", folder / f"{name}.nir", "--target", target, *rules, "-o", folder / f"neurons-{target}")


def _make_cores(folder: Path) -> None:
    from neurocmc.backends.truenorth import HostSpikes, write_corelets, write_host_spikes
    from neurocmc.sim.truenorth import CoreInputSpikes
    from tests.backends.test_ranc_read import document_by_hand
    from tests.backends.test_truenorth_folder import counter
    from tests.made.core_networks import program_of

    document, config = document_by_hand()
    (folder / "ranc.json").write_text(json.dumps(document))
    (folder / "config.json").write_text(json.dumps(config))
    write_corelets(program_of(counter()), folder / "corelets.json")
    columns = {"trial": [0, 0, 1, 1, 1], "tick": [1, 3, 0, 1, 2], "core": [0] * 5, "axon": [0] * 5}
    spikes = CoreInputSpikes(**{name: np.array(column, dtype=np.int32) for name, column in columns.items()})
    write_host_spikes(HostSpikes(spikes=spikes, ticks=6, labels=np.array([-1, -1])), folder / "spikes.npz")


def _make_images(folder: Path) -> None:
    """The four files of MNIST's names, with 60 images to train and 10 to test, and a batch of CIFAR-10."""
    rng = np.random.default_rng(0)
    (folder / "idx").mkdir()
    for part, count in (("train", 60), ("t10k", 10)):
        images = (
            struct.pack(">IIII", 0x803, count, 28, 28) + rng.integers(0, 256, count * 784, dtype=np.uint8).tobytes()
        )
        (folder / "idx" / f"{part}-images-idx3-ubyte").write_bytes(images)
        labels = (np.arange(count, dtype=np.uint8) % 10).tobytes()
        (folder / "idx" / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels)
    (folder / "cifar").mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        records = np.concatenate(
            [np.arange(20, dtype=np.uint8)[:, None] % 10, rng.integers(0, 256, (20, 3072), dtype=np.uint8)], axis=1
        )
        (folder / "cifar" / f"{name}.bin").write_bytes(records.tobytes())


def _make_campaigns(folder: Path) -> None:
    """A sweep and a study of a circuit in YAML, whose runs are done."""
    (folder / "sweep.yaml").write_text(SWEEP)
    (folder / "measured.yaml").write_text(MEASURED)
    _sound("sweep", folder / "sweep.yaml", "-o", folder / "swept", "--workers", "1", "--no-figures")
    _sound("study", folder / "measured.yaml", "-o", folder / "measured", "--workers", "1", "--no-figures")


def _make_trainings(folder: Path) -> None:
    """A study whose one run is done, its checkpoint, and the state of a training that stopped after one epoch."""
    from neurocmc.circuits.cmc.recipe import CmcRecipe
    from neurocmc.circuits.cmc.train import train
    from neurocmc.common.strict_yaml import load_model

    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "study.yaml").write_text(STUDY)
    shown = run("study", folder / "study.yaml", "-o", folder / "studied", "--workers", "1", "--no-figures")
    if shown.code not in (0, 1):  # a circuit of three columns may miss a budget
        raise RuntimeError(f"the study failed: {shown.err}")
    shutil.copy(folder / "studied" / "runs" / "1-full-0" / "checkpoint.pt", folder / "m.pt")

    class Stopped(Exception):  # noqa: N818
        """What an interruption looks like from inside."""

    def stop(_report: object) -> None:
        raise Stopped

    try:
        train(load_model(folder / "recipe.yaml", CmcRecipe), progress=stop, output=folder / "half.pt")
    except Stopped:
        return
    raise RuntimeError("the training was not stopped")
