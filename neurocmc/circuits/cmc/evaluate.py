"""Measures how good a trained model is, beside what it must beat: its circuit without the ODE, without coupling."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcTrajectory
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.regularise import signals
from neurocmc.circuits.cmc.wiring import Variant
from neurocmc.circuits.images import Images, ImageSplit
from neurocmc.circuits.training import parameter_count

_AT_ONCE = 250  # images whose trajectories are held together
_REFIT_IMAGES = 10_000  # the most that a readout is refitted on
_REFIT_DECAY = 1e-3
_REFIT_STEPS = 300


@torch.no_grad()
def accuracy(model: CmcModel, images: Images) -> float:
    """Returns the share of right answers of the model as it stands."""
    model.eval()
    answers = torch.cat([model(part).argmax(dim=1) for part in _parts(images)])
    return _share(answers == torch.tensor(images.labels))


def evaluate(model: CmcModel, recipe: CmcRecipe, split: ImageSplit) -> dict[str, Any]:
    """Measures the accuracy on the test images, with baselines, sizes and ranges.

    `ode_off_accuracy` and `coupling_off_accuracy` take away the memory or all coupling of the trained circuit and
    fit the readout anew on the training images (logistic regression on the same features), so that they are not
    judged by a readout made for another circuit; `refitted_accuracy` does the same for the whole circuit, to show
    what refitting alone changes. `chance` is the share of the commonest class. Ranges are over all units, ticks and
    test images, in the circuit's unit of voltage.
    """
    labels = torch.tensor(split.test.labels)
    circuit = recipe.circuit
    return {
        "images": len(labels),
        "accuracy": accuracy(model, split.test),
        "ode_off_accuracy": refitted_accuracy(model, recipe, "ode-off", split),
        "coupling_off_accuracy": refitted_accuracy(model, recipe, "coupling-off", split),
        "refitted_accuracy": refitted_accuracy(model, recipe, circuit.variant, split),
        "chance": float(torch.bincount(labels).max()) / len(labels),
        "retina_parameters": parameter_count(model.retina),
        "gaze_parameters": parameter_count(model.gaze),
        "circuit_parameters": model.circuit.live_parameters(),
        "readout_parameters": parameter_count(model.readout),
        **ranges(model, split.test),
    }


@torch.no_grad()
def ranges(model: CmcModel, images: Images) -> dict[str, float]:
    """Returns smallest and largest u, p and v, the mean rate, and the signal of the population that tells least."""
    model.eval()
    weakest = [torch.tensor(float("inf"))]
    low, high = [torch.tensor([float("inf")] * 3)], [torch.tensor([float("-inf")] * 3)]
    rates = 0.0
    for trajectory in _trajectories(model, images):
        parts = (trajectory.u, trajectory.p, trajectory.v)
        low.append(torch.stack([part.min() for part in parts]))
        high.append(torch.stack([part.max() for part in parts]))
        weakest.append(signals(trajectory)[:, model.circuit.present > 0].min())
        rates += float(trajectory.rate.double().mean(dim=(1, 2, 3, 4)).sum())
    lowest, highest = torch.stack(low).amin(dim=0), torch.stack(high).amax(dim=0)
    present = float(model.circuit.present.mean())
    found = {f"{name}_smallest": float(value) for name, value in zip("upv", lowest, strict=True)}
    found |= {f"{name}_largest": float(value) for name, value in zip("upv", highest, strict=True)}
    found["weakest_signal"] = float(torch.stack(weakest).min())
    return found | {"mean_rate": rates / len(images.labels) / present}


def refitted_accuracy(model: CmcModel, recipe: CmcRecipe, variant: Variant, split: ImageSplit) -> float:
    """Measures the test accuracy of trained eye and circuit, turned into `variant`, with a fitted readout."""
    circuit = CmcHierarchy(recipe.circuit.model_copy(update={"variant": variant}))
    circuit.load_state_dict(model.circuit.state_dict())
    train = split.train.take(slice(0, _REFIT_IMAGES))
    features, unseen = (_features(model, circuit, images) for images in (train, split.test))
    weight, bias = fitted_readout(features, torch.tensor(train.labels), recipe.readout.classes)
    return _share((unseen @ weight.T + bias).argmax(dim=1) == torch.tensor(split.test.labels))


def fitted_readout(features: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Fits (classes, features) weights and biases of a logistic regression, of standardised features."""
    mean, spread = features.mean(dim=0), features.std(dim=0) + 1e-9
    scaled = torch.where(spread > 1e-6, (features - mean) / spread, torch.zeros_like(features))
    weight = torch.zeros(classes, features.shape[1], dtype=features.dtype, requires_grad=True)
    bias = torch.zeros(classes, dtype=features.dtype, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=_REFIT_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(scaled @ weight.T + bias, labels) + _REFIT_DECAY * (weight**2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)  # type: ignore[arg-type]
    plain = torch.where(spread > 1e-6, weight.detach() / spread, torch.zeros_like(weight))
    return plain, bias.detach() - plain @ mean


@torch.no_grad()
def _features(model: CmcModel, circuit: CmcHierarchy, images: Images) -> Tensor:
    model.eval()
    found = [model.features(circuit(model.drives(part), model.hold_ticks).rate) for part in _parts(images)]
    return torch.cat(found).double()


def _trajectories(model: CmcModel, images: Images) -> Iterator[CmcTrajectory]:
    for part in _parts(images):
        yield model.present(model.drives(part))


def _parts(images: Images) -> tuple[Tensor, ...]:
    return torch.tensor(images.planes).split(_AT_ONCE)


def _share(hits: Tensor) -> float:
    return int(hits.sum()) / len(hits)
