"""A recipe of the smallest size, for what is run here."""

from pathlib import Path
from typing import Any

from neurocmc.common.strict_yaml import parse_document
from neurocmc.literature.filter.family import FAMILY
from neurocmc.literature.filter.recipe import Run

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "models" / "filter-vit.yaml"
CHOICE = ROOT / "docs" / "studies" / "filter-choice"
STUDY = ROOT / "docs" / "studies" / "filter-vit"
PAGE = ROOT / "docs" / "filter.md"

SMALL = """
family: filter-vit
task: mnist-5k
size: 100
judged_on: choice
filter: swta
filters:
  swta: {alpha: 0.5, beta: 3}
  one_pass: {gain: 2, inhibition: 1.5}
  dog: {centre_px: 1, surround_px: 2}
  local_contrast: {window_px: 3, floor: 0.1}
  min_max: {cut: 0.01}
  augmentation: {contrast_lowest: 0.5, noise_std: 0.2}
  divisive: {alpha: 0.5, beta: 3, constant: 0.02}
transformer: {patch_px: 14, width: 8, layers: 1, heads: 2, hidden: 8}
training: {epochs: 1, batch_size: 16, learning_rate: 0.002, weight_decay: 0.01, gradient_clip: 1}
circuit: {tau_ms: 10, duration_ms: 300, window_ms: 50, calibration_images: 4, test_images: 2}
"""


def run_of(text: str = SMALL) -> Run:
    """The run of a recipe."""
    return Run.model_validate(checked(text))


def checked(text: str) -> dict[str, Any]:
    """What the family makes of a recipe."""
    return dict(FAMILY.checked(parse_document(text, "recipe.yaml")))
