"""What other tools make of the recurrent network that snnTorch trained: accuracy, or the words of the refusal."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.frontends.nir.read import read_nir
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.sim.neurons import simulate_neurons
from tests.acceptance.neurons import CASES, TARGET, calibrating, decided, stimulus
from tests.bench.beside_spiking.netx_files import write_netx
from tests.bench.environments import run_script
from tests.frameworks.runs import Record, record, run
from tests.lava_environment import RECIPES, ROOT, made, netx_python, spiking_python

HERE = Path(__file__).parent
NETX = ROOT / "tests" / "backends" / "netx_driver.py"
SNNTOOLBOX = HERE / "snntoolbox_digits.py"
DIGITS = ROOT / "tests" / "made" / "digits-8x8.csv.gz"
AT_ONCE = 50  # trials that netx runs side by side
LATE = 3  # ticks by which an answer of netx ends later than its input
LIMIT_S = 900.0
# What its only dependency has been when it was written; numpy had np.bool until 1.23.
SNNTOOLBOX_RECIPE = (("tensorflow-cpu==2.12.1",), ("--no-deps", "snntoolbox==0.6.0", "numpy==1.23.5"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one call: `accuracy`, or `message`, the tool's own last words."""

    tool: str
    version: str
    call: str
    seed: int
    network: str = "the same"
    accuracy: float | None = None
    agree: float | None = None  # decisions that are snnTorch's
    message: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is to be moved, by the driver's files."""

    seed: int
    folder: Path

    @property
    def graph(self) -> Path:
        """The file that snnTorch's exporter wrote."""
        return self.folder / "graph.nir"

    @property
    def record(self) -> Record:
        """What snnTorch did on 500 test digits."""
        return record(self.folder / "record.npz")

    def judged(self, answers: Any, row: Row) -> Row:
        """The row with what answers are worth."""
        arrays = self.record
        return replace(
            row,
            accuracy=float((answers == arrays["labels"]).mean()),
            agree=float((answers == arrays["predictions"]).mean()),
        )


CASE = CASES[0]
"""snnTorch's network, trained with its reset to zero."""


def rows(seeds: tuple[int, ...]) -> Iterator[Row]:
    """Every call, those that end in a number for each seed."""
    for seed in seeds:
        given = Given(seed=seed, folder=CASE.folder(seed))
        for part in (_snntorch, _ours, _norse, _without_bias, _netx):
            yield from part(given)
    first = Given(seed=seeds[0], folder=CASE.folder(seeds[0]))
    yield _netx_reads_nir(first)
    yield _imported("snntorch", 'import_from_nir(nir.read("graph.nir")), then a tick of it', first)
    yield _imported("sinabs", 'sinabs.nir.from_nir(nir.read("graph.nir"), batch_size=500)', first)
    yield from _snntoolbox(first)


# --- ours and the frameworks --------------------------------------------------------------------------------------


def _snntorch(given: Given) -> Iterator[Row]:
    row = Row(tool="snnTorch", version=_version(_spiking(), "snntorch"), call="itself, as trained", seed=given.seed)
    yield given.judged(given.record["predictions"], row)


def _ours(given: Given) -> Iterator[Row]:
    arrays = given.record
    model = neurocmc.from_nir(
        given.graph,
        events=stimulus("digits", arrays),
        calibration=stimulus("training", calibrating()),
        **CASE.options,
    )
    for weights in ("two", "one"):
        with tempfile.TemporaryDirectory() as folder:
            artifact = neurocmc.compile(model, TARGET, Path(folder) / "build", weights=weights, figures=False)
            assert artifact.given is not None
            answers = decided(artifact.given, neurocmc.simulate(artifact))
        call = f"neurocmc compile graph.nir --target {TARGET} --semantics snntorch-1 --reset zero --weights {weights}"
        note = "emulator of Loihi 1, which is Lava's in every spike"
        yield given.judged(
            answers, Row(tool="neurocmc", version=neurocmc.__version__, call=call, seed=given.seed, note=note)
        )


def _norse(given: Given) -> Iterator[Row]:
    for dt, note in (
        ("1e-4", "in float; resets at once, where snnTorch holds the voltage at 0 for a tick"),
        ("1e-3", "its default dt: the file does not say that it was made for 1e-4"),
    ):
        row = Row(
            tool="Norse",
            version=_version(_spiking(), "norse"),
            call=f'norse.torch.from_nir(nir.read("graph.nir"), dt={dt})',
            seed=given.seed,
            note=note,
        )
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.npz"
            run("run_graph", "norse", str(given.graph), str(given.folder / "record.npz"), str(out), "--dt", dt)
            counts = record(out)["spikes/out"].sum(axis=1, dtype=np.int64)
        yield given.judged(counts.argmax(axis=1), row)


def _without_bias(given: Given) -> Iterator[Row]:
    """The path of the NIR paper to Lava sets a recurrent bias that lava-dl's block does not read."""
    network = read_nir(given.graph, **CASE.options).network
    recording = simulate_neurons(_lost(network), stimulus("digits", given.record))
    yield given.judged(
        decided(network, recording),
        Row(
            tool="the NIR paper's path to Lava, its lost bias alone",
            version="neurocmc " + neurocmc.__version__,
            call="our float interpreter, the recurrent bias set to 0",
            seed=given.seed,
            note="not their program: what the loss of this bias does, everything else as in snnTorch",
        ),
    )


def _lost(network: NeuronNetwork) -> NeuronNetwork:
    """The network without the biases of its loops."""
    projections = tuple(
        replace(entry, bias=np.zeros_like(entry.bias)) if entry.source == entry.target else entry
        for entry in network.projections
    )
    return replace(network, projections=projections)


NOTES = {
    "snntorch": "the import itself ends without a word; the module cannot be called",
    "sinabs": "its import has no case for CubaLIF: the node becomes None, and the graph is short of it",
}


def _imported(tool: str, call: str, given: Given) -> Row:
    row = Row(tool=tool, version=_version(_spiking(), tool), call=call, seed=given.seed, note=NOTES[tool])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.npz"
        try:
            run("run_graph", tool, str(given.graph), str(given.folder / "record.npz"), str(out))
        except RuntimeError as error:
            return replace(row, message=last_words(error))
        counts = record(out)["spikes/out"].sum(axis=1, dtype=np.int64)
        return given.judged(counts.argmax(axis=1), replace(row, note=""))


# --- lava-dl's netx -----------------------------------------------------------------------------------------------


def _netx(given: Given) -> Iterator[Row]:
    for fitted, scale in (
        (False, "lava-dl's own scale, steps of 1/32"),
        (True, "the scale of each layer by its largest weight"),
    ):
        row = Row(
            tool="lava-dl netx",
            version=_version(netx_python(), "lava-dl"),
            call=f'netx.hdf5.Network("network.net"), written by hand: {scale}',
            seed=given.seed,
            note="reset at once; biases go to the voltage; every neuron's own decays; on stock Lava",
        )
        yield given.judged(_on_netx(given, fitted).argmax(axis=1), row)


def _on_netx(given: Given, fitted: bool) -> Any:
    """(trials, classes) spikes of the output."""
    sent = given.record["input"]
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        network, spikes, out = (Path(folder) / name for name in ("network.net", "spikes.npz", "out.npz"))
        write_netx(network, given.graph, AT_ONCE, fitted=fitted)
        for first in range(0, len(sent), AT_ONCE):
            part = sent[first : first + AT_ONCE]
            beside = part.transpose(1, 0, 2).reshape(part.shape[1], -1)
            silence = np.zeros((LATE, beside.shape[1]), dtype=beside.dtype)
            np.savez(spikes, sent=np.vstack([beside, silence]), message_bits=0)
            run_script(netx_python(), NETX, [str(network), str(spikes), str(out)], LIMIT_S)
            counts.append(record(out)["spikes"].sum(axis=0).reshape(len(part), -1))
    return np.concatenate(counts)


def _netx_reads_nir(given: Given) -> Row:
    row = Row(
        tool="lava-dl netx",
        version=_version(netx_python(), "lava-dl"),
        call='netx.hdf5.Network("graph.nir")',
        seed=given.seed,
        note="it reads lava-dl's HDF5, not NIR's",
    )
    with tempfile.TemporaryDirectory() as folder:
        spikes, out = (Path(folder) / name for name in ("spikes.npz", "out.npz"))
        np.savez(spikes, sent=given.record["input"][0], message_bits=0)
        try:
            run_script(netx_python(), NETX, [str(given.graph), str(spikes), str(out)], LIMIT_S)
        except RuntimeError as error:
            return replace(row, message=last_words(error))
    return replace(row, note="it ran")


# --- SNN Toolbox --------------------------------------------------------------------------------------------------

KINDS = {
    "nir": ("the same", "model_lib = nir", ""),
    "recurrent": (
        "48 recurrent relu units in Keras",
        "model_lib = keras",
        "it converts networks of artificial neurons, layer by layer, and leaves out layers that it does not know",
    ),
    "feed-forward": (
        "48 relu units in Keras, no recurrence",
        "model_lib = keras",
        "what it is made for; simulated by its own INI simulator, as rates of spikes over 100 ticks",
    ),
}


def _snntoolbox(given: Given) -> Iterator[Row]:
    python = snntoolbox_python()
    with tempfile.TemporaryDirectory() as folder:
        _save_digits(Path(folder) / "digits.npz")
        for kind, (network, chosen, note) in KINDS.items():
            row = Row(
                tool="SNN Toolbox",
                version="0.6.0" if python is None else _version(python, "snntoolbox"),
                call=f"snntoolbox -t config.ini, {chosen}",
                seed=given.seed,
                network=network,
                note=note,
            )
            if python is None:
                yield replace(row, note="not run: its TensorFlow 2.12 needs Python 3.11")
                continue
            ran = subprocess.run(
                [str(python), "-W", "ignore", str(SNNTOOLBOX), kind, folder],
                capture_output=True,
                text=True,
                check=True,
                timeout=LIMIT_S,
            )
            told = json.loads(ran.stdout.splitlines()[-1])
            said = " ".join([*(f"{line}" for line in told["skipped"]), told.get("refused", "")]).strip()
            before = "" if "keras" not in told else f"; {100 * told['keras']:.1f} % in Keras"
            yield replace(row, accuracy=told.get("accuracy"), message=said, note=f"{note}{before}")


def snntoolbox_python() -> Path | None:
    """The interpreter with SNN Toolbox and a TensorFlow of its time, made if need be; None without Python 3.11."""
    if sys.version_info[:2] != (3, 11):
        return None
    RECIPES.setdefault("snntoolbox", SNNTOOLBOX_RECIPE)
    return made("snntoolbox", Path(sys.executable))


def _save_digits(path: Path) -> None:
    """The digits in scikit-learn's order, as all drivers split them."""
    table = np.loadtxt(DIGITS, delimiter=",")
    np.savez(path, images=table[:, :-1] / 16, labels=table[:, -1].astype(np.int64))


# --- words --------------------------------------------------------------------------------------------------------


def last_words(error: Exception) -> str:
    """The last line of what a program said when it failed."""
    return [line.strip() for line in str(error).splitlines() if line.strip()][-1]


@cache
def _version(python: Path, package: str) -> str:
    program = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def _spiking() -> Path:
    python = spiking_python()
    if python is None:
        raise SystemExit("the frameworks need torch: install the extra [torch]")
    return python
