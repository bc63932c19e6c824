"""State dicts of the published model for tests: random ones of any shape, and their equations once more, in numpy."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from neurocmc.circuits.archive import read_archive
from neurocmc.circuits.digits import load_digits
from neurocmc.frontends.published.loaded import LoadedPublished, read_published
from tests.made.published_model import PublishedModel

Array = NDArray[np.float64]
# nodes, retinal channels, hidden width, classes, input channels
SHAPES = [(1, 4, 8, 2, 1), (2, 8, 16, 10, 1), (3, 12, 10, 7, 3), (5, 32, 24, 10, 1), (4, 8, 128, 100, 2)]


def random_model(shape: tuple[int, int, int, int, int], seed: int = 0, moved: bool = False) -> PublishedModel:
    """A model at the published initial values, with batch statistics as after training.

    Where it has `moved`, every number of the microcircuits has left its initial value, node by node.
    """
    nodes, channels, hidden, classes, inputs = shape
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PublishedModel(nodes, hidden, classes, inputs, channels)
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                if name.endswith("running_mean"):
                    buffer.normal_(0.0, 0.3)
                elif name.endswith("running_var"):
                    buffer.uniform_(0.5, 2.0)
                else:
                    buffer.fill_(500)
            if moved:
                for parameter in (*model.cmc.G, *model.cmc.T):
                    parameter.mul_(torch.empty_like(parameter).uniform_(0.7, 1.5))
                model.cmc.adaptation.normal_(1.0, 0.5)
                model.cmc.R.normal_(1.0, 0.4)
                model.cmc.node_connectivity.normal_(0.0, 0.5)
    return model.eval()


def loaded(model: PublishedModel, path: Path, images: str | None = None) -> LoadedPublished:
    """The model saved and imported."""
    torch.save(model.state_dict(), path)
    return read_published(read_archive(path), path, images)


def right_hand_side(model: PublishedModel, state: Array) -> Array:
    """The derivative (8 nodes,) of one state (8 nodes,) from the equations, number by number."""
    cmc = model.cmc
    connectivity = cmc.node_connectivity.detach().double().numpy()
    state = np.clip(state, -100.0, 100.0)
    change = np.zeros_like(state)
    for i in range(cmc.nodes):
        g = cmc.G[i].detach().double().numpy()
        t = cmc.T[i].detach().double().numpy()
        s = 0.1 / (1.0 + np.exp(-cmc.adaptation[i].item()))
        v_ss, c_ss, v_sp, c_sp, v_ii, c_ii, v_dp, c_dp = state[8 * i : 8 * i + 8]
        ss, sp, ii, dp = (1.0 / (1.0 + np.exp(-cmc.R[i].item() * v)) - 0.5 for v in (v_ss, v_sp, v_ii, v_dp))
        n = sum(connectivity[i, j] * state[8 * j : 8 * j + 8].sum() / 8.0 for j in range(cmc.nodes) if j != i)
        u_ss = -g[0] * ss - g[2] * ii - g[1] * sp + n
        u_sp = g[7] * ss - g[6] * sp - g[11] * ii + n
        u_ii = g[4] * ss + g[5] * dp - g[3] * ii + g[10] * sp + n
        u_dp = -g[9] * dp - g[8] * ii + n
        change[8 * i : 8 * i + 8] = [
            s * c_ss,
            s * (u_ss - 2 * c_ss - v_ss / t[0]) / t[0],
            s * c_sp,
            s * (u_sp - 2 * c_sp - v_sp / t[1]) / t[1],
            s * c_ii,
            s * (u_ii - 2 * c_ii - v_ii / t[2]) / t[2],
            s * c_dp,
            s * (u_dp - 2 * c_dp - v_dp / t[3]) / t[3],
        ]
    return change


def euler(model: PublishedModel, states: Array) -> Array:
    """(batch, 21, 8 nodes) from initial states (batch, 8 nodes)."""
    trajectories = np.empty((len(states), 21, states.shape[1]))
    for trial, state in enumerate(states):
        for step in range(21):
            trajectories[trial, step] = state
            state = state + 0.05 * right_hand_side(model, state)
    return trajectories


def trained_model(nodes: int, epochs: int = 6) -> PublishedModel:
    """A small model trained on mnist-5k's digits in seconds, so that its decisions are not coin flips.

    The retina stays as it started, its maps are computed once; projection, circuit and classifier are trained, the
    circuit in a form that takes all nodes at a time.
    """
    split = load_digits()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = PublishedModel(nodes, hidden=64, retinal_channels=8).train()
        with torch.no_grad():
            images = torch.tensor(split.train.images)[:, None]
            maps = torch.cat([model.retina(part).flatten(1) for part in images.split(200)])
        labels = torch.tensor(split.train.labels)
        trained = [p for name, p in model.named_parameters() if not name.startswith("retina.")]
        optimiser = torch.optim.Adam(trained, lr=2e-3)
        for _ in range(epochs):
            for batch in torch.randperm(len(labels)).split(100):
                optimiser.zero_grad()
                scores = model.classifier(_final_state(model, model.input_projection(maps[batch])))
                torch.nn.functional.cross_entropy(scores, labels[batch]).backward()
                optimiser.step()
    return model.eval()


def _final_state(model: PublishedModel, state: torch.Tensor) -> torch.Tensor:
    cmc = model.cmc
    g, t = torch.stack(list(cmc.G)).unbind(dim=1), torch.stack(list(cmc.T))
    speed = 0.1 * torch.sigmoid(cmc.adaptation)[:, None]
    coupling = cmc.node_connectivity * (1 - torch.eye(cmc.nodes)) / 8
    pairs = state.unflatten(1, (cmc.nodes, 4, 2))
    v, c = pairs[..., 0], pairs[..., 1]
    for _ in range(20):
        ss, sp, ii, dp = (torch.sigmoid(cmc.R[:, None] * v) - 0.5).unbind(dim=2)
        other = (v + c).sum(dim=2) @ coupling.T
        drive = torch.stack(
            [
                -g[0] * ss - g[2] * ii - g[1] * sp,
                g[7] * ss - g[6] * sp - g[11] * ii,
                g[4] * ss + g[5] * dp - g[3] * ii + g[10] * sp,
                -g[9] * dp - g[8] * ii,
            ],
            dim=2,
        )
        change = speed * (drive + other[..., None] - 2 * c - v / t) / t
        v, c = v + 0.05 * speed * c, c + 0.05 * change
    return torch.stack([v, c], dim=3).flatten(1)
