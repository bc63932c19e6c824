"""`neurocmc train`: a recipe in, a checkpoint or circuit out, and how good it is beside its baselines."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import Json, check_output_file
from neurocmc.cli.output import bar, grid, quiet, results, say, say_json, show, tell
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need
from neurocmc.common.opening import check_name
from neurocmc.pipeline.options import DEFAULT_NEURONS

if TYPE_CHECKING:
    from neurocmc.circuits.families import AnyRecipe
    from neurocmc.common.strict_yaml import Document
    from neurocmc.pipeline.study.plugins import PlugIn

EXAMPLES = (
    "neurocmc train swta-digits -o model.pt",
    "neurocmc train cmc-v1 -o model.pt --seed 3",
    "neurocmc train cmc-v1 -o model.pt --resume",
    "neurocmc train delayed-match -o model.pt",
    "neurocmc train swta-digits -o model.pt --for loihi1 --neurons 16",
)

# What the metrics of a checkpoint mean, in the order in which they are told: the model, then what it must beat.
_ACCURACIES = {
    "accuracy": "the trained model",
    "chip_accuracy": "the same through pools of the chip",
    "encoder_only_accuracy": "baseline: encoder alone, largest evidence answers",
    "uncoupled_accuracy": "baseline: the same units without coupling",
    "ode_off_accuracy": "baseline: no ODE (time constants 0), readout fitted anew",
    "coupling_off_accuracy": "baseline: no coupling, readout fitted anew",
    "refitted_accuracy": "for comparison: the whole circuit, readout fitted anew",
    "untrained_accuracy": "baseline: the circuit before training",
    "memory_off_accuracy": "baseline: no memory, trained anew",
    "decision_off_accuracy": "baseline: no recurrence in the decision, trained anew",
    "recurrence_off_accuracy": "baseline: no recurrence, trained anew",
    "chance": "baseline: always the commonest class",
}
_COUNTS = ("digits", "images", "trials")  # what a family calls the number of its tests


def train(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE.yaml",
            help="The recipe (circuit, task, training): a file, or a name that `neurocmc models` lists.",
            autocompletion=complete.recipes,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The checkpoint or circuit file to write.", show_default=False)
    ],
    seed: Annotated[int | None, typer.Option(help="Use this seed instead of the recipe's.")] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TARGET",
            help="Train for this chip: activity passes through its pools of neurons.",
            autocompletion=complete.targets,
        ),
    ] = None,
    neurons: Annotated[int | None, typer.Option(help="With --for: neurons per unit.", show_default="64")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a training that was interrupted.")] = False,
    as_json: Json = False,
) -> None:
    """Train a circuit by gradient descent, or construct it from its recipe, and write it to a file."""
    from neurocmc.common.strict_yaml import load_document
    from neurocmc.pipeline.bundled import found_recipe
    from neurocmc.pipeline.study.families import maker_of

    check_output_file(output)
    recipe = found_recipe(recipe)
    document = load_document(recipe)
    if (plug := maker_of(document, recipe.parent)) is not None:
        if target is not None or neurons is not None or resume:
            what = f"family {plug.name} takes only a recipe and a seed"
            raise InputError(
                Problem("option-not-for-this", str(recipe), what, "leave --for, --neurons, --resume out")
            )
        _make(plug, document, output, 0 if seed is None else seed, as_json=as_json)
        return
    need("torch", str(recipe), "training")
    from neurocmc.circuits.cmc.resume import state_path

    check_name(state_path(output))
    from neurocmc.circuits.families import recipe_of

    if state_path(output).exists() and not resume:
        kept = state_path(output)
        tell(f"{kept}: state of an interrupted training; this training starts again (--resume would continue it)")
    wanted = _for_chip(recipe_of(document), target, neurons)
    checkpoint = _trained(wanted, output, seed, resume=resume)
    pools = wanted.training.pools
    metrics: dict[str, float] = checkpoint["metrics"]
    if as_json:
        on = {} if pools is None else {"trained_for": {"target": pools.target, "neurons": pools.neurons}}
        say_json({"checkpoint": output, "seed": checkpoint["seed"], **on, "metrics": metrics})
        return
    rows = [(told, f"{100 * metrics[name]:.2f} %") for name, told in _ACCURACIES.items() if name in metrics]
    count = next(name for name in _COUNTS if name in metrics)
    others = [(name.replace("_", " "), f"{metrics[name]:,.6g}") for name in metrics if name not in _ACCURACIES]
    with results():
        show(grid(f"Accuracy on {metrics[count]:,} test {count}", ("", "right"), rows, right=("right",)))
        show(grid("Other measures", ("", "value"), others, right=("value",)))
    say(f"{output}: checkpoint of seed {checkpoint['seed']}")
    if quiet():
        return
    if pools is None:
        say(f"next: neurocmc compile {output} --target loihi1 -o build")
        return
    say(f"trained for {pools.target}: through pools of {pools.neurons} neurons per unit")
    say(f"next: neurocmc compile {output} --target {target or pools.target} --neurons {pools.neurons} -o build")


def _make(plug: "PlugIn", document: "Document", output: Path, seed: int, *, as_json: bool) -> None:
    """Makes the circuit of a recipe, as a study makes it."""
    from neurocmc.pipeline.study.families import FAMILIES, CircuitFamily
    from neurocmc.pipeline.study.plugins import loaded

    family: CircuitFamily = loaded(plug.place, plug.sha256, FAMILIES.called)
    if not output.name.endswith(family.suffix):
        cure = f"end its name in {family.suffix}"
        raise InputError(
            Problem("model-suffix-unknown", str(output), f"family {plug.name} writes {family.suffix}", cure)
        )
    checked = json.loads(json.dumps(family.checked(document)))
    with bar("make") as advance:
        metrics = family.make(checked, seed, output, lambda text, share: advance(text, share, ""))
    if as_json:
        say_json({"circuit": output, "seed": seed, "metrics": dict(metrics)})
        return
    if metrics:
        rows = [(name.replace("_", " "), f"{value:,.6g}") for name, value in metrics.items()]
        with results():
            show(grid("Measured while it was made", ("", "value"), rows, right=("value",)))
    say(f"{output}: circuit of seed {seed}")
    with results():
        say(f"next: neurocmc compile {output} --target loihi1 -o build")


def _for_chip(recipe: "AnyRecipe", target: str | None, neurons: int | None) -> "AnyRecipe":
    """The recipe for the chip that is named, here or in the recipe itself; else as it is."""
    from neurocmc.circuits.for_chip import for_chip

    if target is not None:
        return for_chip(recipe, target, DEFAULT_NEURONS if neurons is None else neurons)
    if (pools := recipe.training.pools) is not None:
        return for_chip(recipe, pools.target, pools.neurons if neurons is None else neurons)
    if neurons is not None:
        what = "sets the pool size of a chip, and --for names no chip"
        raise InputError(Problem("option-not-for-this", "--neurons", what, "add --for TARGET, or leave it out"))
    return recipe


def _trained(recipe: "AnyRecipe", output: Path, seed: int | None, *, resume: bool) -> dict[str, Any]:
    from neurocmc.circuits.families import train as train_recipe
    from neurocmc.circuits.training import EpochReport

    with bar("train") as advance:

        def told(report: EpochReport) -> None:
            numbers = f"loss {report.loss:.4f}, validation accuracy {100 * report.validation_accuracy:.2f} %"
            line = f"epoch {report.epoch} of {report.epochs}: {numbers}"
            advance(line, report.epoch / report.epochs, line)

        return train_recipe(recipe, output, seed, told, resume=resume)
