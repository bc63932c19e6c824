"""Trains the transformer on filtered images; needs torch.

The same seed starts the same transformer and shows it the same batches, whatever filter stands before it, so that
variants differ, seed by seed, by the filter alone.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.training import ImageBatch, Training, TrainingPlan, epochs_told, reproducible
from neurocmc.common.arrays import Float, Int
from neurocmc.common.progress import Progress
from neurocmc.literature.filter.recipe import Run
from neurocmc.literature.filter.sets import Labelled
from neurocmc.literature.filter.transformer import VisionTransformer

AT_ONCE = 500  # images that are read together


def trained(
    run: Run, fit: Labelled, held_back: Labelled, classes: int, seed: int, progress: Progress
) -> VisionTransformer:
    """Returns a transformer trained on images that are filtered already; the epoch that is best on those held back.

    Args:
        run: What says how.
        fit: Filtered images to train on.
        held_back: Filtered images to choose the epoch on.
        classes: How many there are.
        seed: Of the start and of the batches.
        progress: Called after each epoch.
    """
    with reproducible(seed):
        model = VisionTransformer(run.transformer, fit.images.shape[1], classes)
        training = _Training(model, run, fit, held_back, seed)
        training.run(epochs_told(progress))
    return model


def answers(model: nn.Module, images: Float) -> Int:
    """Returns (images,) the class that a transformer reads in each filtered image."""
    model.eval()
    with torch.no_grad():
        parts = [model(part).argmax(dim=1) for part in _tensor(images).split(AT_ONCE)]
    return torch.cat(parts).numpy()


def accuracy(model: nn.Module, filtered: Labelled) -> float:
    """Returns the share of filtered images that a transformer reads rightly."""
    return float(np.mean(answers(model, filtered.images) == filtered.labels))


class _Training(Training[ImageBatch]):
    def __init__(self, model: VisionTransformer, run: Run, fit: Labelled, held_back: Labelled, seed: int) -> None:
        settings = run.training
        self.fit = ImageBatch(_tensor(fit.images), torch.tensor(fit.labels))
        self.held_back, self.batch_size = held_back, settings.batch_size
        self.augmentation = run.parameters if run.filter == "augmentation" else None
        self.drawn = torch.Generator().manual_seed(seed)  # of augmentation: batches stay those of other variants
        groups = [
            {"params": list(model.parameters()), "lr": settings.learning_rate, "weight_decay": settings.weight_decay}
        ]
        plan = TrainingPlan(
            epochs=settings.epochs,
            gradient_clip=settings.gradient_clip,
            decoupled_decay=True,
            schedule="one-cycle",
            steps=settings.epochs * -(-len(fit.labels) // settings.batch_size),
        )
        super().__init__(model, groups, plan, torch.Generator().manual_seed(seed))

    def batches(self) -> Iterator[ImageBatch]:
        for batch in self.fit.split(self.batch_size, self.generator):
            if self.augmentation is None:
                yield batch
            else:
                yield ImageBatch(augmented(batch.images, **self.augmentation, generator=self.drawn), batch.labels)

    def loss(self, batch: ImageBatch) -> Tensor:
        return nn.functional.cross_entropy(self.model(batch.images), batch.labels)

    def accuracy(self) -> float:
        return accuracy(self.model, self.held_back)


def augmented(images: Tensor, *, contrast_lowest: float, noise_std: float, generator: torch.Generator) -> Tensor:
    """Returns images, each with a contrast, an offset that fits beside it, and noise, drawn for it; cut to 0..1.

    Args:
        images: (batch, height, width) grey levels.
        contrast_lowest: Contrasts are drawn from here to 1, offsets from 0 to what the contrast leaves of 1.
        noise_std: Standard deviations of the noise are drawn from 0 to here.
        generator: What they are drawn by.
    """
    drawn = torch.rand(3, len(images), 1, 1, generator=generator)
    contrast = contrast_lowest + (1.0 - contrast_lowest) * drawn[0]
    offset = (1.0 - contrast) * drawn[1]
    noise = noise_std * drawn[2] * torch.randn(images.shape, generator=generator)
    return (contrast * images + offset + noise).clamp(0.0, 1.0)


def _tensor(images: Float) -> Tensor:
    return torch.tensor(images, dtype=torch.float32)
