"""Makes the images that networks are judged by: the same for every seed and variant."""

from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.literature.filter import corruptions

DRAWN_BY = 20_261_121  # the seed of the noise
FAINT = "contrast_05"
CONTRASTS = {"contrast_50": 0.5, "contrast_20": 0.2, FAINT: 0.05}
SETS = ("clean", *CONTRASTS, "noise", "haze")


def of_the_table(images: Float) -> dict[str, Float]:
    """Returns test images as they are, at three contrasts, with noise (sd .3), and in haze (30 % of the light).

    Args:
        images: (samples, pixels) grey levels.
    """
    faint = {name: corruptions.low_contrast(images, contrast) for name, contrast in CONTRASTS.items()}
    return {
        "clean": images,
        **faint,
        "noise": corruptions.noise(images, stream(DRAWN_BY)),
        "haze": corruptions.haze(images),
    }
