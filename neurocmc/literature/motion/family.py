"""Makes circuits that tell the velocity of moving dots, trained from a recipe: the family `delays-motion`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocmc.common.extras import need
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.motion.circuit import model_of
from neurocmc.literature.motion.dots import make_trials
from neurocmc.literature.motion.recipe import MotionRecipe


class DelaysMotion:
    """Trains circuits with delays, prunes and rounds them, and writes them as arrays."""

    suffix = ".npz"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe with its defaults. Raises InputError with every fault of it."""
        return document.validate(MotionRecipe).model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Trains a circuit and writes it; returns its accuracy on test trials in real numbers, beside chance."""
        need("torch", str(path), "training")
        from neurocmc.circuits.training import epochs_told
        from neurocmc.literature.motion.train import train

        whole = Document.of(recipe).validate(MotionRecipe)
        circuit, validated = train(whole, seed, epochs_told(progress))
        test = make_trials(whole, "test", whole.dots.test)
        model = model_of(
            circuit,
            make_trials(whole, "calibration", whole.dots.calibration),
            test,
            name=whole.name,
            classes=tuple(f"{velocity:+d}" for velocity in whole.dots.velocities),
            dt_ms=whole.circuit.dt_ms,
            sensor_tau_ms=whole.circuit.sensor_tau_ms,
            window_ms=whole.dots.window_ms,
        )
        model.save(path)
        return {
            "accuracy": circuit.accuracy(test, whole.window_steps),
            "validation_accuracy": validated,
            "chance": 1.0 / len(whole.dots.velocities),
            "synapses": float(circuit.synapses),
            "trials": float(len(test)),
        }


FAMILY = DelaysMotion()
