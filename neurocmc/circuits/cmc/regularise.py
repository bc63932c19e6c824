"""Charges training for what does not fit a chip: many spikes, large ranges, weights of different magnitudes."""

import torch
from torch import Tensor

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcTrajectory
from neurocmc.circuits.cmc.recipe import CmcTrainingRecipe
from neurocmc.circuits.cmc.wiring import COUPLINGS


def penalty(circuit: CmcHierarchy, trajectory: CmcTrajectory, options: CmcTrainingRecipe) -> Tensor:
    """Returns the sum of the penalties that the recipe asks for, a scalar; 0 where it asks for none."""
    total = trajectory.rate.new_zeros(())
    if options.activity_weight > 0:
        total = total + options.activity_weight * trajectory.rate.mean()
    if options.range_weight > 0:
        total = total + options.range_weight * excess(trajectory, options.range_limit)
    if options.signal_weight > 0:
        total = total + options.signal_weight * missing_signal(circuit, trajectory, options.signal_target)
    if options.weight_range_weight > 0:
        total = total + options.weight_range_weight * weight_range(circuit, options.weight_range_limit)
    return total


def excess(trajectory: CmcTrajectory, limit: float) -> Tensor:
    """Returns the mean square of what |u|, |p| and |v| exceed `limit` by: N neurons resolve 1/N of the range."""
    parts = (trajectory.u, trajectory.p, trajectory.v)
    return torch.stack([(torch.relu(part.abs() - limit) ** 2).mean() for part in parts]).sum()


def signals(trajectory: CmcTrajectory) -> Tensor:
    """Returns (regions, 4) sd over images of a population's rates, mean over columns and the second half of ticks."""
    late = trajectory.rate[:, trajectory.rate.shape[1] // 2 :]
    # The small number keeps the gradient finite where all images give the same rate.
    return (late.var(dim=0, correction=0) + 1e-10).sqrt().mean(dim=(0, 3))


def missing_signal(circuit: CmcHierarchy, trajectory: CmcTrajectory, target: float) -> Tensor:
    """Returns the mean square of what the signals of the populations lack of `target`, relative to it.

    A population that hardly differs from image to image says nothing, and drowns in the steps of its pool.
    """
    lack = torch.relu(1.0 - signals(trajectory) / target) * circuit.present
    return (lack**2).mean()


def weight_range(circuit: CmcHierarchy, limit: float) -> Tensor:
    """Returns the mean square of log(largest / mean) beyond log(limit), over all matrices."""
    gains = circuit.gains().flatten(0, 1)  # one matrix, a diagonal one, for each gain of each region
    ratios = [gains.amax(dim=1) / gains.mean(dim=1)]
    if circuit.regions > 1:
        for coupling in COUPLINGS:
            strengths = circuit.coupling(coupling.name).flatten(1)
            ratios.append(strengths.amax(dim=1) / strengths.mean(dim=1))
    beyond = torch.relu(torch.log(torch.cat(ratios) / limit))
    return (beyond**2).mean()
