"""Reads a checkpoint of whichever family: its circuit, stimuli and trajectories come out."""

from pathlib import Path

import torch

from neurocmc.circuits.archive import read_archive
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.fields import PoolsRecipe
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import ContextRecipe, DelayedMatchRecipe
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.common.errors import InputError, Problem
from neurocmc.frontends.checkpoint_file import CheckpointFile, check_checkpoint
from neurocmc.frontends.circuit_file import CircuitFile, ImagesEntry, save_circuit_file
from neurocmc.frontends.cmc_checkpoint import LoadedCmc, load_cmc
from neurocmc.frontends.memory_checkpoint import LoadedMemory, load_memory
from neurocmc.frontends.memory_trials import MemoryTrials
from neurocmc.frontends.own_module_file import check_module, is_module
from neurocmc.frontends.own_modules import LoadedModule, load_module
from neurocmc.frontends.published.loaded import LoadedPublished, published_facts, read_published
from neurocmc.frontends.published.state import published_state
from neurocmc.frontends.swta_checkpoint import LoadedSwta, load_swta, parameter_table

Loaded = LoadedSwta | LoadedCmc | LoadedMemory | LoadedPublished | LoadedModule
Facts = dict[str, str | float]


def read_checkpoint(path: Path, images: str | None = None) -> Loaded:
    """Reads a checkpoint of `neurocmc train`, a module of one's own loop, or a state dict of the published code.

    `images` names the task whose images drive a published model. Raises InputError holding everything that is wrong
    with the file, and for `images` where the file itself says what drives it.
    """
    archive = read_archive(path)
    if published_state(archive) is not None:
        return read_published(archive, path, images)
    if images is not None:
        what = f"{path} states itself which images it was trained on"
        raise InputError(
            Problem(
                "option-not-for-this", "--images", what, "leave it out: it is for published checkpoints, which do not"
            )
        )
    if is_module(archive):
        return load_module(check_module(archive, path))
    return _of_family(check_checkpoint(archive, path))


def _of_family(file: CheckpointFile) -> LoadedSwta | LoadedCmc | LoadedMemory:
    match file.recipe, file.model:
        case CmcRecipe() as recipe, CmcModel() as model:
            return load_cmc(file, recipe, model)
        case Recipe() as recipe, DigitModel() as model:
            return load_swta(file, recipe, model)
        case (DelayedMatchRecipe() | ContextRecipe()) as recipe, MemoryModel() as model:
            return load_memory(file, recipe, model)
        case _:
            raise AssertionError("a checked file has the model of its recipe's family")


def save_without_torch(checkpoint: Path, output: Path) -> None:
    """Writes a trained circuit and what drives it as a circuit file, which is compiled and verified without torch.

    Raises InputError as `read_checkpoint` does, and for a published checkpoint, which does not say what drives it.
    """
    loaded = read_checkpoint(checkpoint)
    if isinstance(loaded, LoadedPublished):
        what = "a published checkpoint does not say which images drive it, so there is nothing to keep of them"
        raise InputError(
            Problem(
                "published-images-missing",
                str(checkpoint),
                what,
                "compile it with --images, where torch is installed",
            )
        )
    memory = MemoryTrials(recipe=loaded.recipe) if isinstance(loaded, LoadedMemory) else None
    stimuli = tuple(loaded.stimuli.values()) if memory is None else ()
    shows = loaded.recipe if isinstance(loaded, LoadedCmc) else None
    file = CircuitFile(
        circuit=loaded.circuit,
        calibration=stimuli[:1],
        test=stimuli[1:],
        facts=facts_of(loaded),
        images=None if shows is None else ImagesEntry(task=shows.task, size=shows.images),
        memory=memory,
        made_from=checkpoint.name,
        made_with=f"torch {torch.__version__}",
    )
    save_circuit_file(file, output)


def facts_of(loaded: Loaded) -> Facts:
    """Returns what `neurocmc inspect` tells of a model beside its circuit: its origin, sizes and numbers."""
    match loaded:
        case LoadedPublished():
            return published_facts(loaded)
        case LoadedModule():
            return loaded.facts()
        case LoadedSwta():
            numbers = parameter_table(loaded)
            family, task = "swta", loaded.task
        case LoadedMemory():
            numbers = dict(loaded.numbers)
            family, task = f"memory, variant {loaded.recipe.circuit.variant}", loaded.recipe.task
        case LoadedCmc():
            circuit = loaded.recipe.circuit
            numbers: dict[str, float] = {"regions": circuit.regions, "columns": circuit.columns}
            family, task = (
                f"cmc, variant {circuit.variant}, {circuit.activation}, {circuit.solver}",
                loaded.recipe.task,
            )
    return {
        "family": family,
        "task": task,
        "seed": loaded.seed,
        **_trained_for(loaded),
        **{f"parameters: {part}": count for part, count in loaded.parameters.items()},
        **{name.replace("_", " "): value for name, value in (numbers | dict(loaded.metrics)).items()},
    }


def _trained_for(loaded: LoadedSwta | LoadedCmc | LoadedMemory) -> Facts:
    """The chip through whose pools a model was trained; nothing where it was through none."""
    pools = loaded.recipe["training"].get("pools") if isinstance(loaded, LoadedSwta) else loaded.recipe.training.pools
    if isinstance(pools, PoolsRecipe):
        pools = pools.model_dump()
    return {} if pools is None else {"trained for": f"{pools['target']}, {pools['neurons']} neurons per unit"}
