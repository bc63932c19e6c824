"""Trains a recurrent network of CubaLIF neurons in snnTorch, exports it by snnTorch's own exporter, and records it.

    python snntorch_driver.py FOLDER [--reset zero|subtract] [--epochs 30] [--seed 0] [--fine-tune]

writes FOLDER/graph.nir, FOLDER/record.npz (500 test digits: input, spikes/hidden, spikes/output, labels, predictions)
and FOLDER/record64.npz, the same network run in float64. With --fine-tune a network trained with "subtract" is run
with "zero", and trained on with it: accuracy_before, accuracy_swapped and accuracy stand in the record.

Traps of snnTorch 1.0.0, read in its sources:

- RSynaptic ignores or breaks on reset_delay=False: it resets local variables, and with init_hidden raises TypeError
  (its argument `spk` is None). So a recurrent network always resets a tick late: "zero" holds the voltage at 0 in the
  tick after a spike (refractory 2), "subtract" takes the threshold off after the next decay. Its importer builds
  RSynaptic(init_hidden=True, reset_delay=False): no recurrent graph that it imports can be run.
- Leaky with "zero" and reset_delay=True resets *before* the next decay, which is the same as at once; Synaptic after.
- The exporter writes poles as time constants at dt 1e-4, those of Synaptic in float32. Gains r dt / tau are 1 but for
  rounding, and the importer does not use them.
- The exporter of Synaptic fails unless alpha, beta and threshold have one shape.
- A surrogate's forward is .float(): in float64 spikes are float32, and the first product with a double weight fails.
"""

import copy
import time
from pathlib import Path

import digits
import numpy as np
import snntorch as snn
import torch
from snntorch import surrogate
from snntorch.export_nir import export_to_nir

HIDDEN = 48


class Net(torch.nn.Module):
    """64 channels, a recurrent layer, 10 neurons; every neuron has poles of its own, which are learned as well."""

    def __init__(self, reset: str) -> None:
        super().__init__()
        grad = surrogate.fast_sigmoid(slope=10)
        self.fc1 = torch.nn.Linear(digits.CHANNELS, HIDDEN)
        self.hidden = snn.RSynaptic(
            alpha=torch.empty(HIDDEN).uniform_(0.5, 0.8),
            beta=torch.empty(HIDDEN).uniform_(0.7, 0.95),
            linear_features=HIDDEN,
            learn_alpha=True,
            learn_beta=True,
            spike_grad=grad,
            init_hidden=True,
            reset_mechanism=reset,
        )
        self.fc2 = torch.nn.Linear(HIDDEN, digits.CLASSES)
        self.out = snn.Synaptic(
            alpha=torch.full((digits.CLASSES,), 0.6),
            beta=torch.full((digits.CLASSES,), 0.9),
            threshold=torch.ones(digits.CLASSES),
            learn_alpha=True,
            learn_beta=True,
            spike_grad=grad,
            init_hidden=True,
            reset_mechanism=reset,
        )
        with torch.no_grad():
            self.fc1.weight *= 1.5
            self.hidden.recurrent.weight *= 0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.fc2(self.hidden(self.fc1(x))))

    def run(self, spikes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(trials, ticks, units) spikes of the hidden layer and the output; every trial begins at rest."""
        for layer in (self.hidden, self.out):
            layer.reset_mem()
        hidden, output = [], []
        for tick in range(spikes.shape[1]):
            output.append(self(spikes[:, tick]))
            hidden.append(self.hidden.spk)
        return torch.stack(hidden, 1), torch.stack(output, 1)


def with_reset(net: Net, reset: str) -> Net:
    """The same network under another rule; the mechanism is chosen when a layer is made."""
    other = Net(reset)
    state = {name: value for name, value in net.state_dict().items() if "reset_mechanism" not in name}
    other.load_state_dict(state, strict=False)
    return other


def train(net: Net, task: digits.Task, epochs: int, rate: float = 5e-3) -> None:
    """Teach the number of output spikes, by surrogate gradients; poles stay where a filter forgets and is stable."""
    optimiser = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for epoch in range(epochs):
        for spikes, labels in task.batches(epoch):
            hidden, output = net.run(spikes)
            loss = torch.nn.functional.cross_entropy(output.sum(1) * 0.4, labels)
            loss = loss + 0.02 * (hidden.mean() - 0.1) ** 2
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            with torch.no_grad():
                for layer in (net.hidden, net.out):
                    layer.alpha.clamp_(0.5, 0.99)
                    layer.beta.clamp_(0.5, 0.99)
        schedule.step()


def recorded(net: Net, spikes: torch.Tensor) -> dict[str, np.ndarray]:
    with torch.no_grad():
        hidden, output = net.run(spikes)
    return {"hidden": hidden.numpy().astype(np.uint8), "output": output.numpy().astype(np.uint8)}


def in_float64(net: Net) -> Net:
    """The same network in float64, its spikes with it."""
    double = copy.deepcopy(net)
    for layer in (double.hidden, double.out):
        layer.reset_mem()
        layer.spike_grad = lambda x: (x > 0).to(torch.float64)
    return double.double()


def accuracy(net: Net, task: digits.Task) -> float:
    output = recorded(net, task.test)["output"].sum(axis=1, dtype=np.int64)
    return float((torch.from_numpy(output).argmax(1).numpy() == task.labels).mean())


def main() -> None:
    parser = digits.arguments(__doc__)
    parser.add_argument("--reset", choices=("zero", "subtract"), default="zero")
    parser.add_argument("--fine-tune", action="store_true")
    parser.add_argument("--fine-tune-epochs", type=int, default=8)
    options = parser.parse_args()
    digits.deterministic(options.seed)
    task, start = digits.Task(), time.process_time()
    net = Net("subtract" if options.fine_tune else options.reset)
    train(net, task, options.epochs)
    more: dict[str, object] = {}
    if options.fine_tune:
        more["accuracy_before"] = accuracy(net, task)
        net = with_reset(net, "zero")
        more["accuracy_swapped"] = accuracy(net, task)
        fine_tuning = time.process_time()
        train(net, task, options.fine_tune_epochs, 2e-3)
        more["fine_tuning_s"] = time.process_time() - fine_tuning
    more["training_s"] = time.process_time() - start
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    found = task.save(folder / "record.npz", recorded(net, task.test), "output", **more)
    task.save(folder / "record64.npz", recorded(in_float64(net), task.test.double()), "output")
    for layer in (net.hidden, net.out):
        layer.reset_mem()
    digits.write_graph(folder / "graph.nir", export_to_nir(net, torch.zeros(1, digits.CHANNELS), ignore_dims=[0]))
    print(f"accuracy {found:.3f}", *(f"{name} {value:.3f}" for name, value in more.items()))


if __name__ == "__main__":
    main()
