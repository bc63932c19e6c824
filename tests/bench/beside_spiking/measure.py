"""What other tools make of the recurrent network that snnTorch trained: accuracy, or the words of the refusal."""

import json
import os
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
from neurocmc.pipeline.neurons.simulate import simulate_network
from neurocmc.sim.neurons import simulate_neurons
from tests.acceptance.neurons import CASES, TARGET, WEIGHTS, Case, calibrating, compiled, decided, stimulus
from tests.bench.beside_spiking.netx_files import layers_of, write_netx
from tests.bench.environments import ONE_THREAD, run_script
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

    network: str
    tool: str
    version: str
    call: str
    seed: int
    accuracy: float | None = None
    agree: float | None = None  # decisions that are those of the framework that trained it
    message: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A network that is to be moved, by the files of its driver."""

    network: str
    case: Case
    dt_s: float
    told: str  # the options of neurocmc
    seed: int

    @property
    def folder(self) -> Path:
        """Where the driver wrote."""
        return self.case.folder(self.seed)

    @property
    def graph(self) -> Path:
        """The file that was exported."""
        return self.folder / "graph.nir"

    @property
    def record(self) -> Record:
        """What the framework did on 500 test digits."""
        return record(self.folder / "record.npz")

    def row(self, tool: str, version: str, call: str, note: str = "") -> Row:
        """A row without a result."""
        return Row(network=self.network, tool=tool, version=version, call=call, seed=self.seed, note=note)

    def judged(self, answers: Any, row: Row) -> Row:
        """The row with what answers are worth."""
        arrays = self.record
        return replace(
            row,
            accuracy=float((answers == arrays["labels"]).mean()),
            agree=float((answers == arrays["predictions"]).mean()),
        )


FIRST: dict[str, Any] = {
    "network": "snnTorch's",
    "case": next(case for case in CASES if case.network == "snnTorch, zero"),
    "dt_s": 1e-4,
    "told": "--semantics snntorch-1 --reset zero",
}
SECOND: dict[str, Any] = {
    "network": "Norse's",
    "case": next(case for case in CASES if case.network == "Norse, zero"),
    "dt_s": 1e-3,
    "told": "--semantics norse --dt 1e-3",
}


def rows(seeds: tuple[int, ...]) -> Iterator[Row]:
    """Every call; those that end in a number for each seed."""
    first = Given(**FIRST, seed=seeds[0])
    yield _netx_reads_nir(first)
    yield imported("snntorch", 'import_from_nir(nir.read("graph.nir")), then a tick of it', first)
    yield imported("sinabs", 'sinabs.nir.from_nir(nir.read("graph.nir"), batch_size=500)', first)
    yield from _snntoolbox(first.seed)
    for seed in seeds:
        given = Given(**FIRST, seed=seed)
        yield given.judged(given.record["predictions"], given.row("snnTorch", _spiking("snntorch"), "as trained"))
        for part in (_ours, _norse, _without_bias, _netx):
            yield from part(given)
    for seed in seeds:
        given = Given(**SECOND, seed=seed)
        yield given.judged(given.record["predictions"], given.row("Norse", _spiking("norse"), "as trained"))
        for part in (_ours, _netx):
            yield from part(given)


# --- ours and the frameworks --------------------------------------------------------------------------------------


def _ours(given: Given) -> Iterator[Row]:
    model = neurocmc.from_nir(
        given.graph,
        events=stimulus("digits", given.record),
        calibration=stimulus("training", calibrating()),
        **given.case.options,
    )
    for each in WEIGHTS:
        with tempfile.TemporaryDirectory() as folder:
            artifact = compiled(model, Path(folder) / "build", each)
            assert artifact.given is not None
            answers = decided(artifact.given, simulate_network(artifact))
        call = f"neurocmc compile graph.nir --target {TARGET} {given.told} --weights {each}"
        note = "the emulator, which is Lava in every spike"
        yield given.judged(answers, given.row("neurocmc", neurocmc.__version__, call, note))


def _norse(given: Given) -> Iterator[Row]:
    for dt, note in (
        ("1e-4", "in float; it resets at once, where snnTorch holds the voltage at 0 for a tick"),
        ("1e-3", "its default dt; the file does not say that it was made for 1e-4"),
    ):
        call = f'norse.torch.from_nir(nir.read("graph.nir"), dt={dt})'
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.npz"
            run("run_graph", "norse", str(given.graph), str(given.folder / "record.npz"), str(out), "--dt", dt)
            counts = record(out)["spikes/out"].sum(axis=1, dtype=np.int64)
        yield given.judged(counts.argmax(axis=1), given.row("Norse", _spiking("norse"), call, note))


def _without_bias(given: Given) -> Iterator[Row]:
    """The path of the NIR paper to Lava sets a recurrent bias that lava-dl's block does not read."""
    network = read_nir(given.graph, **given.case.options).network
    recording = simulate_neurons(_lost(network), stimulus("digits", given.record))
    call = "our float interpreter, the loop's bias set to 0"
    note = "not their program: the loss of this bias alone, all else as in snnTorch"
    row = given.row(
        "the loss on the NIR paper's path to Lava: emulated by", f"neurocmc {neurocmc.__version__}", call, note
    )
    yield given.judged(decided(network, recording), row)


def _lost(network: NeuronNetwork) -> NeuronNetwork:
    """The network without the biases of its loops."""
    projections = tuple(
        replace(entry, bias=np.zeros_like(entry.bias)) if entry.source == entry.target else entry
        for entry in network.projections
    )
    return replace(network, projections=projections)


NOTES = {
    "snntorch": "the import ends without a word; what it made cannot be called",
    "sinabs": "its import has no case for CubaLIF: the node becomes None, and the graph is short of it",
}


def imported(tool: str, call: str, given: Given) -> Row:
    """What a framework makes of the file by its own import."""
    name = {"snntorch": "snnTorch"}.get(tool, tool)
    row = given.row(name, _spiking(tool), call, NOTES[tool])
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
    for careful, how, note in (
        (False, "plain", "lava-dl's scale; biases go to the voltage; on stock Lava"),
        (True, "careful", "a scale for each layer; biases as weights of a channel that always spikes; on stock Lava"),
    ):
        call = f'netx.hdf5.Network("network.net"), a file written by hand, {how}'
        row = given.row("lava-dl netx", _version(netx_python(), "lava-dl"), call, note)
        yield given.judged(_on_netx(given, careful).argmax(axis=1), row)


def _on_netx(given: Given, careful: bool) -> Any:
    """(trials, classes) spikes of the output."""
    sent = given.record["input"]
    if careful:
        sent = np.concatenate([sent, np.ones_like(sent[:, :, :1])], axis=2)
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        network, spikes, out = (Path(folder) / name for name in ("network.net", "spikes.npz", "out.npz"))
        write_netx(network, tuple(layers_of(given.graph, given.dt_s)), AT_ONCE, careful=careful)
        for first in range(0, len(sent), AT_ONCE):
            part = sent[first : first + AT_ONCE]
            beside = part.transpose(1, 0, 2).reshape(part.shape[1], -1)
            silence = np.zeros((LATE, beside.shape[1]), dtype=beside.dtype)
            np.savez(spikes, sent=np.vstack([beside, silence]), message_bits=0)
            run_script(netx_python(), NETX, [str(network), str(spikes), str(out)], LIMIT_S)
            counts.append(record(out)["spikes"].sum(axis=0).reshape(len(part), -1))
    return np.concatenate(counts)


def _netx_reads_nir(given: Given) -> Row:
    version, call = _version(netx_python(), "lava-dl"), 'netx.hdf5.Network("graph.nir")'
    row = given.row("lava-dl netx", version, call, "it reads the HDF5 of lava-dl and not that of NIR")
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
    "nir": ("snnTorch's", "model_lib = nir", "it has no reader of NIR"),
    "recurrent": (
        "48 recurrent relu units, trained in Keras",
        "model_lib = keras",
        "it converts artificial neurons layer by layer, and leaves out a layer that it does not know",
    ),
    "feed-forward": (
        "48 relu units without recurrence, trained in Keras",
        "model_lib = keras",
        "what it is made for; its own simulator INI, rates of spikes over 100 ticks",
    ),
}


def _snntoolbox(seed: int) -> Iterator[Row]:
    python = snntoolbox_python()
    version = "0.6.0" if python is None else _version(python, "snntoolbox")
    with tempfile.TemporaryDirectory() as folder:
        _save_digits(Path(folder) / "digits.npz")
        for kind, (network, chosen, note) in KINDS.items():
            call = f"snntoolbox -t config.ini, {chosen}"
            row = Row(network=network, tool="SNN Toolbox", version=version, call=call, seed=seed, note=note)
            yield (
                replace(row, note="not run: it needs Python 3.11")
                if python is None
                else _toolbox(python, kind, folder, row)
            )


def _toolbox(python: Path, kind: str, folder: str, row: Row) -> Row:
    """The row with what the program for SNN Toolbox says in its last line."""
    command = [str(python), "-W", "ignore", str(SNNTOOLBOX), kind, folder]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT_S,
        env=os.environ | ONE_THREAD | {"PYTHONHASHSEED": "0"},
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    message = " ".join([*told["skipped"], told.get("refused", "")]).strip()
    note = row.note if "keras" not in told else f"{row.note}; {100 * told['keras']:.1f} % in Keras"
    return replace(row, accuracy=told.get("accuracy"), message=message, note=note)


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
    """The last line of what a program said when it failed, without what our runners put before it."""
    last = [line.strip() for line in str(error).splitlines() if line.strip()][-1]
    return last.split(": ", 2)[-1] if last.startswith("run_graph failed: ") else last


@cache
def _version(python: Path, package: str) -> str:
    program = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def _spiking(package: str) -> str:
    """The version of a framework. Ends the program where there is none."""
    python = spiking_python()
    if python is None:
        raise SystemExit("the frameworks need torch: install the extra [torch]")
    return _version(python, package)
