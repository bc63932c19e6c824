"""`neurocmc train`: a recipe in, a checkpoint out, and how good it is beside its baselines."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli.options import Json, check_output_file
from neurocmc.cli.output import bar, grid, say, say_json, show

if TYPE_CHECKING:
    from neurocmc.circuits.recipe import Recipe

EXAMPLES = ("neurocmc train models/swta-digits.yaml -o model.pt", "neurocmc train recipe.yaml -o model.pt --seed 3")

# What the metrics of a checkpoint mean, in the order in which they are told: the model, then what it must beat.
_ACCURACIES = {
    "accuracy": "the trained model",
    "encoder_only_accuracy": "baseline: encoder alone, largest evidence answers",
    "uncoupled_accuracy": "baseline: the same units without coupling",
    "chance": "baseline: always the commonest class",
}


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="What to train, on what, how.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The checkpoint to write.", show_default=False)],
    seed: Annotated[int | None, typer.Option(help="Use this seed instead of the recipe's.")] = None,
    as_json: Json = False,
) -> None:
    """Train a circuit by gradient and write its checkpoint."""
    check_output_file(output)
    from neurocmc.circuits.train import load_recipe, save_checkpoint

    checkpoint = _trained(load_recipe(recipe), seed)
    save_checkpoint(checkpoint, output)
    metrics: dict[str, float] = checkpoint["metrics"]
    if as_json:
        say_json({"checkpoint": output, "seed": checkpoint["seed"], "metrics": metrics})
        return
    rows = [(told, f"{100 * metrics[name]:.2f} %") for name, told in _ACCURACIES.items()]
    show(grid(f"Accuracy on {metrics['digits']:,} test digits", ("", "right"), rows, right=("right",)))
    others = [(name.replace("_", " "), f"{metrics[name]:,.6g}") for name in metrics if name not in _ACCURACIES]
    show(grid("Other measures", ("", "value"), others, right=("value",)))
    say(f"{output}: checkpoint of seed {checkpoint['seed']}")
    say(f"next: neurocmc compile {output} --target loihi1 -o build")


def _trained(recipe: "Recipe", seed: int | None) -> dict[str, Any]:
    from neurocmc.circuits.train import EpochReport
    from neurocmc.circuits.train import train as train_recipe

    with bar("train") as advance:

        def told(report: EpochReport) -> None:
            numbers = f"loss {report.loss:.4f}, validation accuracy {100 * report.validation_accuracy:.2f} %"
            line = f"epoch {report.epoch} of {report.epochs}: {numbers}"
            advance(line, report.epoch / report.epochs, line)

        return train_recipe(recipe, seed, told)
