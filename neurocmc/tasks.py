"""Gives the labelled images that circuits are trained on, in one fixed split of training and test images."""

from neurocmc.circuits.images import Images as Images
from neurocmc.circuits.images import ImageSplit as ImageSplit
from neurocmc.circuits.images import load_task
from neurocmc.common.calls import python_call
from neurocmc.common.process import known_state


@known_state()
@python_call
def images(task: str = "mnist-5k", size: int | None = None) -> ImageSplit:
    """Returns the images of a task, the same arrays on every call and every machine.

    Args:
        task: "mnist-5k", 5,000 digits that come with neurocmc, or "fashion-mnist", "fashion-mnist:FOLDER",
            "idx:PATH", "cifar-10:FOLDER" for files on this machine.
        size: How many images to keep, four training images per test image, the same number of every class. None
            keeps all.

    Returns:
        A split: `train` and `test` each have `images` in [0, 1], (images, height, width) or (images, channels,
        height, width), and `labels` (images,); `fit_and_validation()` splits `train` once more.

    Raises:
        InputError: For an unknown task, files that are missing or damaged, and a `size` above the number of images.

    Example:
        >>> split = neurocmc.images("mnist-5k")
        >>> split.train.images.shape, split.test.images.shape
        ((4000, 28, 28), (1000, 28, 28))
    """
    return load_task(task, size)
