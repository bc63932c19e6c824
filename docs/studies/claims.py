"""Write claims.md: what Douglas (2025) claims beside what our studies measured, from the runs.csv of each study.

python docs/studies/claims.py      a claim for which no study has a run says so
"""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean, stdev

HERE = Path(__file__).parent
VARIANTS, DEPTH = "cmc-variants", "cmc-depth"  # the studies that are read
ABLATIONS = ("no-ss", "no-sp", "no-ii", "no-dp")
NOT_MEASURED = "not measured"
Runs = list[dict[str, str]]


def read_runs(folder: Path) -> Runs:
    """Every run of a study, none where it was not run."""
    path = folder / "runs.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def share(runs: Runs, variant: str, column: str = "accuracy", regions: int = 3) -> str:
    """`96.50 ± 0.20 %` over the seeds of a variant, without the deviation for a single seed."""
    own = [run for run in runs if run["variant"] == variant and int(run["regions"]) == regions]
    values = [100.0 * float(run[column]) for run in own if run[column]]
    if not values:
        return NOT_MEASURED
    text = f"{fmean(values):.2f}"
    return f"{text} ± {stdev(values):.2f} %" if len(values) > 1 else f"{text} %"


def whole(runs: Runs, variant: str, column: str, regions: int = 3) -> str:
    """A count that all runs of a variant share."""
    own = (run for run in runs if run["variant"] == variant and int(run["regions"]) == regions)
    return next((f"{int(run[column]):,}" for run in own), NOT_MEASURED)


# The claim, and what the study of variants and that of depths say to it.
CLAIMS: tuple[tuple[str, Callable[[Runs, Runs], str]], ...] = (
    (
        "A single node reads MNIST at 97.8 %; other places of the paper have 86.4 and 86.5 % for one node.",
        lambda _, depth: f"One region, MNIST-5k: {share(depth, 'full', regions=1)}.",
    ),
    (
        "Four nodes: 95.2 % in one place, 99.2 % in another.",
        lambda _, depth: (
            f"Two, three and four regions, MNIST-5k: {share(depth, 'full', regions=2)}, "
            f"{share(depth, 'full', regions=3)}, {share(depth, 'full', regions=4)}."
        ),
    ),
    (
        "150,000 parameters for four and for five regions; the public code has about 825,000.",
        lambda runs, depth: (
            f"Four regions: {whole(depth, 'full', 'parameters', 4)} in the whole model, "
            f"{whole(depth, 'full', 'circuit_parameters', 4)} of them in the circuit; three: "
            f"{whole(runs, 'full', 'parameters')} and {whole(runs, 'full', 'circuit_parameters')}."
        ),
    ),
    (
        "The circuits are implemented as neural ODEs.",
        lambda runs, _: (
            f"Without the ODE {share(runs, 'ode-off')} when trained so, "
            f"{share(runs, 'full', 'ode_off_accuracy')} when taken from the trained circuit and its readout fitted "
            f"anew; with it {share(runs, 'full')}."
        ),
    ),
    (
        "Hierarchies with learnable connections between regions, and recurrent ones, do better on harder images.",
        lambda runs, _: (
            f"On MNIST-5k: without feedback between regions {share(runs, 'feedforward-only')}, without "
            f"any coupling {share(runs, 'coupling-off')}, with all of it {share(runs, 'full')}."
        ),
    ),
    (
        "Ablations of each population (fig. 8), which there also drop terms of other populations.",
        lambda runs, _: (
            "; ".join(f"{variant} {share(runs, variant)}" for variant in ABLATIONS)
            + ". Each drops exactly its population's own terms."
        ),
    ),
    (
        "In phase space, trajectories of different classes are distinct.",
        lambda _, __: "The phase portraits above; no number is claimed.",
    ),
)


def table(variants: Runs, depth: Runs) -> str:
    """The claims as a Markdown table."""
    lines: Iterable[str] = (f"| {claim} | {measured(variants, depth)} |" for claim, measured in CLAIMS)
    return "\n".join(("| Douglas (2025) | measured here |", "| --- | --- |", *lines)) + "\n"


def claims() -> str:
    """The claims beside the studies that stand here."""
    return table(read_runs(HERE / VARIANTS), read_runs(HERE / DEPTH))


if __name__ == "__main__":
    (HERE / "claims.md").write_text(claims(), encoding="utf-8")
