"""Makes circuits of recipes of the family `microns-rnn`, by training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import neurocmc
from neurocmc.common.errors import NeurocmcError, raise_input_problems
from neurocmc.common.extras import need
from neurocmc.common.files import sha256_of
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.connectome.files import check_unchanged, read_prior
from neurocmc.literature.connectome.recipe import ConnectomeRecipe, PriorFile
from neurocmc.literature.connectome.tasks import CLASSES, make_trials


class MicronsRnn:
    """Recurrent networks with tanh units that start from, or are held to, a connectome."""

    suffix = ".npz"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe with its defaults, and with what is in the file of cells that it names.

        Raises InputError with every fault of the recipe or of the file, and where torch is missing.
        """
        need("torch", document.filename, "training")
        recipe = document.validate(ConnectomeRecipe)
        if isinstance(recipe.prior, PriorFile):
            prior = _known(recipe.prior, recipe.units, document)
            recipe = recipe.model_copy(update={"prior": prior})
        return recipe.model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Trains a network, and writes it with its trials. Returns its accuracies."""
        need("torch", str(path), "training")
        from neurocmc.circuits.training import epochs_told  # here and not above: torch takes seconds to import
        from neurocmc.literature.connectome.training import train

        asked = recipe_of(recipe)
        network = train(asked, seed, epochs_told(progress))
        calibration = make_trials(asked, seed, "calibration", asked.calibration_trials)
        test = make_trials(asked, seed, "test", asked.training.test_trials)
        model = neurocmc.from_arrays(
            network.recurrent,
            network.entering,
            network.bias,
            activation="tanh",
            fraction=1.0,
            readout=network.readout,
            classes=CLASSES[asked.task],
            calibration=calibration.inputs,
            test=test.inputs[: asked.chip_trials],
            test_labels=test.labels[: asked.chip_trials],
            name=f"{asked.start}-{asked.task}",
        )
        model.save(path)
        return network.metrics


def recipe_of(plain: Mapping[str, Any]) -> ConnectomeRecipe:
    """Returns a checked recipe that has been through JSON."""
    return Document.of(plain).validate(ConnectomeRecipe)


def _known(prior: PriorFile, units: int, document: Document) -> PriorFile:
    """The file with its whole path and its check sum, once it has been read and found sound."""
    path = Path(document.filename).parent.absolute() / prior.file
    try:
        read_prior(path, units)
        if prior.sha256:
            check_unchanged(path, prior.sha256)
    except NeurocmcError as error:
        raise_input_problems(problem.inside(document.where("prior", "file")) for problem in error.problems)
    return PriorFile(file=str(path), sha256=sha256_of(path))


FAMILY = MicronsRnn()
