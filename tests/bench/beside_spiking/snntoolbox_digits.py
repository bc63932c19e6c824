"""Converts networks by SNN Toolbox 0.6.0, in an environment with it and TensorFlow 2.12; a program of its own.

    python snntoolbox_digits.py KIND FOLDER

SNN Toolbox converts networks of artificial neurons that Keras holds. So one of the form at hand is trained in Keras
on the same digits, 8 rows of 8 pixels: KIND is `recurrent` (48 recurrent units that read row by row, then 10) or
`feed-forward` (48 units that see all pixels, then 10). `nir` asks it for a reader of NIR. FOLDER/digits.npz holds
`images` and `labels`. What the pipeline behind the command `snntoolbox` says is printed; the last line is JSON: the
accuracy in Keras and after conversion, or the message with which it ended, and the layers that it skipped.
"""

import configparser
import contextlib
import io
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
TRAINING, SEED, EPOCHS, TICKS = 1297, 0, 60, 100


def digits(kind):
    """Images in [0, 1] and one-hot labels, as Keras takes them."""
    import numpy as np

    with np.load(Path(sys.argv[2]) / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    images = images.reshape(len(images), 8, 8) if kind == "recurrent" else images.reshape(len(images), 64)
    return images.astype("float32"), np.eye(10, dtype="float32")[labels]


def trained(kind, folder):
    """Train in Keras, write the model and the data for the toolbox; the accuracy."""
    import numpy as np
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    images, wanted = digits(kind)
    first = (
        tf.keras.layers.SimpleRNN(48, activation="relu", input_shape=(8, 8))
        if kind == "recurrent"
        else tf.keras.layers.Dense(48, activation="relu", input_shape=(64,))
    )
    model = tf.keras.Sequential([first, tf.keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", ["accuracy"])
    model.fit(images[:TRAINING], wanted[:TRAINING], epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(images[TRAINING:], wanted[TRAINING:], verbose=0)
    model.save(folder / f"{kind}.h5")
    for name, array in (("x_test", images[TRAINING:]), ("y_test", wanted[TRAINING:]), ("x_norm", images[:TRAINING])):
        np.savez_compressed(folder / name, array)
    return float(accuracy)


def configuration(kind, folder):
    """The configuration file of the command `snntoolbox`."""
    config = configparser.ConfigParser()
    config["paths"] = {"path_wd": str(folder), "dataset_path": str(folder), "filename_ann": kind}
    config["input"] = {"model_lib": "nir" if kind == "nir" else "keras"}
    config["tools"] = {"evaluate_ann": "True", "normalize": "True"}
    config["simulation"] = {
        "simulator": "INI",
        "duration": str(TICKS),
        "num_to_test": "500",
        "batch_size": "50",
        "keras_backend": "tensorflow",
    }
    path = folder / "config.ini"
    with path.open("w") as file:
        config.write(file)
    return path


def main():
    kind, folder = sys.argv[1], Path(sys.argv[2]) / sys.argv[1]
    folder.mkdir(parents=True, exist_ok=True)
    said, answer = io.StringIO(), {}
    try:
        with contextlib.redirect_stdout(said):
            if kind != "nir":
                answer["keras"] = trained(kind, folder)
            from snntoolbox.bin.utils import run_pipeline, update_setup  # what the command calls

            (answer["accuracy"],) = map(float, run_pipeline(update_setup(str(configuration(kind, folder)))))
    except (Exception, SystemExit) as error:
        answer["refused"] = f"{type(error).__name__}: {error}"
    print(said.getvalue())
    answer["skipped"] = [line for line in said.getvalue().splitlines() if line.startswith("Skipping")]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
