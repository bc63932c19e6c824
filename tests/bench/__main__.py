"""The benches of `make bench`: speed and accuracy beside peers, everything measured in this run.

    python -m tests.bench [emulators] [cores] [forward] [digits] [accuracy] [energy] [scale] [--quick]
    python -m tests.bench emulators --beside REVISION [--quick]

runs the parts named, or all of them; each part needs its own peers and prints its own tables. With --beside the
emulators of another commit are the only peer: both run the same networks in the same run.
"""

import argparse

from tests.bench import accuracy, cores, digits, energy, forward, scale
from tests.bench.emulators import beside
from tests.bench.emulators import part as emulators
from tests.bench.environments import ROOT
from tests.bench.output import bench_console

OUT = ROOT / "build" / "bench"
PARTS = {
    "emulators": emulators.run,
    "cores": cores.run,
    "forward": forward.run,
    "digits": digits.run,
    "accuracy": accuracy.run,
    "energy": energy.run,
    "scale": scale.run,
}


def main() -> None:
    """Run the parts asked for, print their tables, write build/bench/*.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="speed and accuracy, beside peers")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller networks, fewer seeds and repeats")
    parser.add_argument("--beside", metavar="REVISION", help="emulators: compare with those of another commit")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"{unknown[0]!r} is no part; there are {', '.join(PARTS)}")
    if options.beside and options.parts != ["emulators"]:
        parser.error("--beside is for the part emulators, and for it alone")
    OUT.mkdir(parents=True, exist_ok=True)
    console = bench_console()
    if options.beside:
        try:
            beside.run(console, OUT, options.beside, options.quick)
        except RuntimeError as error:
            raise SystemExit(f"emulators: {error}") from None
        return
    for name, run in PARTS.items():
        if name in options.parts or not options.parts:
            try:
                run(console, OUT, options.quick)
            except RuntimeError as error:  # a peer failed, and the message is what it printed
                raise SystemExit(f"{name}: {error}") from None
            console.print(f"raw values: {(OUT / name).relative_to(ROOT)}.json\n")


if __name__ == "__main__":
    main()
