"""Compiles and verifies the digits circuit in a process of its own, so that its peak memory is its own.

    python -m tests.bench.digits_child OUT_DIRECTORY SAMPLES

prints one JSON object: seconds of each pass, of compiling and of verifying in all, and peak memory in bytes.
"""

import json
import resource
import sys
from pathlib import Path

from neurocmc.common.resources import resource_path
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.verify import VerifyOptions, verify
from tests.bench.timing import seconds


def main(directory: Path, samples: int) -> None:
    compiled = seconds(lambda: compile_model(resource_path("models/swta-digits.pt"), "loihi1", directory))
    artifact = compile_model(resource_path("models/swta-digits.pt"), "loihi1", directory)
    again = json.loads((directory / "timings.json").read_text(encoding="utf-8"))["seconds"]
    before = _peak_bytes()
    walked = seconds(lambda: verify(artifact, VerifyOptions(samples=samples)))
    edges = json.loads((directory / "verify.json").read_text(encoding="utf-8"))["edges"]
    result = {
        "passes_s": again,
        "compile_s": compiled,
        "verify_s": walked,
        "samples": samples,
        "peak_bytes_compile": before,
        "peak_bytes": _peak_bytes(),
        "edges": {f"{edge['name']}: {edge['quantity']}": [edge["value"], edge["verdict"]] for edge in edges},
    }
    print(json.dumps(result))


def _peak_bytes() -> int:
    """Of this process; the system counts in KiB."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
