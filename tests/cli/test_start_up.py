"""Start-up: commands import what they use, and no command compiles again what another has compiled.

What was imported is asked of `sys.modules`: `python -X importtime` leaves out what `importlib.import_module` imports,
as scipy and we do.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurocmc.cli.failures import MISSED
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import run_all
from neurocmc.pipeline.campaign.task import Task
from neurocmc.pipeline.chips import registry
from neurocmc.targets import kinds
from tests.campaign.plans import SWEEP, plan
from tests.cli.running import CHECKPOINT, CIRCUIT, ROOT, run
from tests.made.looping_neurons import recurrent_nir
from tests.made.waiting import HANGS_S
from tests.torch_extra import needs_torch

# The command, and then the names of all modules on standard error.
PROGRAM = """
import atexit, sys
atexit.register(lambda: print(*sorted(sys.modules), sep="\\n", file=sys.stderr))
from neurocmc.cli.main import run
run()
"""
MODELS = ROOT / "models"
RULES = ("--semantics", "snntorch-1", "--reset", "zero")
PICTURES = ("matplotlib", "PIL")
TORCH = ("torch", "torchdiffeq")
TRAINING = ("torchdiffeq", "torch._dynamo", "neurocmc.circuits.train")
KERNELS = ("numba", "llvmlite", "neurocmc.common.jit")
DASK = ("dask", "distributed", "tornado", "threadpoolctl", "neurocmc.pipeline.campaign.cluster")
NEVER = (*PICTURES, *DASK, "brian2", "sympy", "scipy.signal", "scipy.optimize", "scipy.ndimage", "sklearn", "pandas")
LINE = ("neurocmc.passes", "neurocmc.theory", "neurocmc.sim", "neurocmc.backends", "neurocmc.circuits")
FAMILIES = tuple(module for module, _ in registry.BUILT_IN.values())
READ_ONLY = (*NEVER, *TORCH, *KERNELS, *LINE, *FAMILIES, "scipy", "h5py", "jinja2", "neurocmc.pipeline.chips.family")


def imported(*arguments: object) -> frozenset[str]:
    """The modules that a command has imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return frozenset(done.stderr.split())


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("start") / "circuit"
    assert run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "8", "--no-figures", "-o", build).code == 0
    return build


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    recurrent_nir(folder / "net.nir")
    build = folder / "network"
    assert run("compile", folder / "net.nir", *RULES, "--target", "loihi1", "--no-figures", "-o", build).code == 0
    return build


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_budget_is_read_without_what_made_it(options: tuple[str, ...], circuit: Path, network: Path) -> None:
    assert imported("budget", circuit, *options) & set(READ_ONLY) == set()
    assert imported("budget", network, *options) & set(READ_ONLY) == set()


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("verify", "--help"), ("targets",), ("targets", "loihi1")]
)
def test_help_and_targets_need_no_arrays(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & {*READ_ONLY, "numpy"} == set()


@pytest.mark.parametrize(
    ("model", "unread"),
    [
        (CIRCUIT, ("neurocmc.frontends.automaton.read", "neurocmc.frontends.arrays")),
        (MODELS / "two-state.yaml", ("neurocmc.frontends.interneuron_yaml", "neurocmc.frontends.arrays")),
        (MODELS / "interneurons.yaml", ("neurocmc.frontends.automaton.read", "neurocmc.frontends.arrays")),
        (MODELS / "automaton.yaml", ("neurocmc.frontends.interneuron_yaml", "neurocmc.frontends.arrays")),
        (CHECKPOINT.with_suffix(".circuit.npz"), ("neurocmc.frontends.automaton", "neurocmc.frontends.circuit_yaml")),
    ],
)
def test_a_circuit_is_inspected_by_its_own_reader_and_theory(model: Path, unread: tuple[str, ...]) -> None:
    others = (*NEVER, *TORCH, *KERNELS, *FAMILIES, "h5py", "jinja2", "neurocmc.frontends.nir", *unread)
    assert imported("inspect", model) & set(others) == set()


@needs_torch
def test_a_checkpoint_is_inspected_with_torch_alone() -> None:
    found = imported("inspect", CHECKPOINT)
    assert "torch" in found
    assert found & {*PICTURES, *KERNELS, *FAMILIES, *TRAINING, "brian2", "scipy.signal", "sklearn", "h5py"} == set()


@pytest.mark.parametrize("rules", [(), RULES])
def test_a_network_is_inspected_without_what_compiles_it(rules: tuple[str, ...], tmp_path: Path) -> None:
    recurrent_nir(tmp_path / "net.nir")
    found = imported("inspect", tmp_path / "net.nir", *rules)
    assert found & {*NEVER, *TORCH, *KERNELS, *FAMILIES, "jinja2", "neurocmc.frontends.circuit_file"} == set()


def test_rates_are_simulated_without_a_chip(circuit: Path, tmp_path: Path) -> None:
    found = imported("simulate", circuit, "--on", "rate", "-o", tmp_path / "r.npz")
    assert found & {*PICTURES, *TORCH, *KERNELS, *FAMILIES, "brian2", "scipy.signal", "scipy.optimize"} == set()


def test_a_chip_is_exported_by_its_own_family(circuit: Path, tmp_path: Path) -> None:
    own, *others = FAMILIES
    found = imported("export", circuit, "--to", "brian2", "-o", tmp_path / "script")
    assert own in found
    assert found & {*PICTURES, *TORCH, *others, "brian2", "scipy.signal", "scipy.optimize"} == set()


def test_a_sweep_without_workers_and_a_compilation_need_no_dask(tmp_path: Path) -> None:
    sweep = plan(tmp_path / "sweep", SWEEP.replace("loihi1, truenorth", "loihi1").replace("4, 8, 40000", "4"))
    workers = set(DASK) - {"threadpoolctl"}  # one thread for all
    found = imported("sweep", sweep, "-o", tmp_path / "out", "--workers", "1", "--no-figures")
    assert found & {*PICTURES, *TORCH, *workers, "neurocmc.pipeline.study.run", "brian2"} == set()
    found = imported(
        "compile", sweep.with_name("tiny.yaml"), "--target", "loihi1", "-o", tmp_path / "built", "--no-figures"
    )
    assert found & {*PICTURES, *TORCH, *DASK} == set()


def test_a_worker_imports_what_its_runs_need_alone() -> None:
    tasks = [Task(name=name, work="tests.campaign.works:modules", what={"of": name}) for name in ("a", "b")]
    for outcome in run_all(tasks, Place(workers=2)):
        loaded = set(outcome.value["modules"])
        assert "neurocmc.pipeline.campaign.work" in loaded
        assert not [name for name in loaded if name.startswith(("neurocmc.cli", "neurocmc.passes", "neurocmc.sim"))]
        assert loaded & {*PICTURES, *TORCH, *KERNELS, *FAMILIES, "typer", "rich", "brian2", "scipy"} == set()


def test_every_kind_built_in_has_a_family_and_a_lowest_level() -> None:
    assert set(registry.BUILT_IN) == set(kinds.BUILT_IN)
    assert all(schema.lowest for schema in kinds.BUILT_IN.values())


@pytest.mark.slow
def test_what_one_command_compiled_serves_all(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(cache)}

    def kept(*arguments: object) -> set[Path]:
        """The compiled kernels after a command."""
        command = [sys.executable, "-m", "neurocmc", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=HANGS_S, check=False)
        assert done.returncode in (0, MISSED), done.stderr
        return {path.relative_to(cache) for path in cache.rglob("*.nbc")}

    build = tmp_path / "build"
    first = kept("compile", CIRCUIT, "--target", "loihi1", "--neurons", "8", "--no-figures", "-o", build)
    assert first
    assert kept("simulate", build, "--on", "emulator", "-o", tmp_path / "r.npz") == first
    assert kept("verify", build) == first
    assert kept("compile", CIRCUIT, "--target", "loihi2", "--neurons", "8", "--no-figures", "-o", build) == first
