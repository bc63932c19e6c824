"""Compiles and simulates again and again in one process: what it holds must not grow.

    python -m tests.hosts.many_calls [CALLS]    2,000 by default; exit code 1 where it grew

After a tenth of the calls everything is loaded and every kernel compiled. From then on the resident memory may grow
by 5 %, and as many files, sockets and threads are open at the end as were then.
"""

import gc
import sys
import tempfile
import threading
from pathlib import Path

import neurocmc

CIRCUIT = Path(__file__).with_name("chain.yaml")
CALLS, GROWTH = 2_000, 1.05
DRAWN = 10  # every so-manieth compilation draws its pictures, which takes most of its time
TARGETS = ("loihi1", "loihi2", "truenorth")


def held() -> tuple[int, int, int]:
    """Resident memory in bytes, open handles, threads."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def main(calls: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        first = held()
        for call in range(1, calls + 1):
            target = TARGETS[call % len(TARGETS)]
            out, figures = Path(folder) / target, call % DRAWN == 0
            artifact = neurocmc.compile(CIRCUIT, target=target, out=out, neurons=4, figures=figures)
            neurocmc.simulate(artifact)
            if call == max(calls // 10, DRAWN):
                first = held()
    last = held()
    told = f"{first[0] / 1e6:.1f} MB, {first[1]} handles, {first[2]} threads after a tenth of {calls:,} calls"
    print(f"{told}; {last[0] / 1e6:.1f} MB ({last[0] / first[0]:.3f} times), {last[1]}, {last[2]} at the end")
    return 0 if last[0] <= GROWTH * first[0] and last[1:] == first[1:] else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
