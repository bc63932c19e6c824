"""The transformer and its training: shapes, the same bits again, and the same batches whatever the filter."""

import numpy as np
import torch

from neurocmc.common.progress import silent
from neurocmc.literature.filter.family import FAMILY, images_of, reader
from neurocmc.literature.filter.recipe import TransformerRecipe
from neurocmc.literature.filter.training import answers, augmented
from neurocmc.literature.filter.transformer import VisionTransformer

from .settings import SMALL, checked, run_of


def weights(text: str, seed: int) -> dict[str, torch.Tensor]:
    run = run_of(text)
    return reader(run, images_of(run), seed).state_dict()


def test_the_same_seed_makes_the_same_transformer_to_the_bit() -> None:
    first, again, other = weights(SMALL, 0), weights(SMALL, 0), weights(SMALL, 1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_variants_begin_alike_and_end_differently() -> None:
    # With a learning rate of nothing much, what is left is the start: that of the seed, whatever the filter.
    still = SMALL.replace("learning_rate: 0.002", "learning_rate: 1e-12")
    first, plain = weights(still, 0), weights(still.replace("filter: swta", "filter: plain"), 0)
    assert all(torch.allclose(first[name], plain[name], atol=1e-8) for name in first)
    moved, other = weights(SMALL, 0), weights(SMALL.replace("filter: swta", "filter: plain"), 0)
    assert not torch.allclose(moved["head.weight"], other["head.weight"], atol=1e-8)


def test_patches_are_read_where_they_are() -> None:
    settings = TransformerRecipe(patch_px=14, width=8, layers=1, heads=2, hidden=8)
    torch.manual_seed(0)
    model = VisionTransformer(settings, 28, 10).eval()
    image = torch.rand(1, 28, 28)
    moved = torch.cat([image[:, 14:], image[:, :14]], dim=1)
    assert model(image).shape == (1, 10)
    assert not torch.allclose(model(image), model(moved), atol=1e-6)
    model.places.data.zero_()
    assert torch.allclose(model(image), model(moved), atol=1e-6)  # a set of patches, without places


def test_augmented_images_stay_grey_levels_and_keep_to_their_limits() -> None:
    images = torch.zeros(500, 4, 4)
    images[:, 0] = 1.0
    drawn = augmented(images, contrast_lowest=0.5, noise_std=0.0, generator=torch.Generator().manual_seed(0))
    contrast, offset = drawn[:, 0, 0] - drawn[:, 1, 0], drawn[:, 1, 0]
    assert drawn.min() >= 0.0
    assert drawn.max() <= 1.0 + 1e-6
    assert 0.5 <= contrast.min() < 0.52
    assert 0.98 < contrast.max() <= 1.0
    assert (offset <= 1.0 - contrast + 1e-6).all()
    assert offset.max() > 0.4
    noisy = augmented(images, contrast_lowest=1.0, noise_std=0.3, generator=torch.Generator().manual_seed(0))
    assert noisy.std() > 0.0
    assert noisy.min() == 0.0


def test_answers_are_of_all_images_whatever_is_read_at_once() -> None:
    run = run_of()
    split = images_of(run)
    model = reader(run, split, 0, silent)
    images = np.concatenate([split.test.images] * 30)
    assert len(images) > 500
    found = answers(model, images)
    assert np.array_equal(found, np.tile(answers(model, split.test.images), 30))


def test_augmentation_is_a_variant_of_training_alone() -> None:
    assert checked(SMALL.replace("filter: swta", "filter: augmentation"))["filter"] == "augmentation"
    plain, other = (
        weights(SMALL.replace("filter: swta", f"filter: {name}"), 0) for name in ("plain", "augmentation")
    )
    assert not torch.equal(plain["embed.weight"], other["embed.weight"])
    assert FAMILY.suffix == ".yaml"
