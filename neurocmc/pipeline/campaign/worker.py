"""Does runs for a Dask scheduler until that is gone: `python -m neurocmc.pipeline.campaign.worker ADDRESS SCRATCH`.

It imports what its runs ask for, and nothing else of neurocmc. It leaves when the process that started it has left.
"""

import asyncio
import os
import signal
import sys
import threading

from distributed import Worker

from neurocmc.pipeline.campaign.local import ready_file

WAITS_S = 60.0  # for the scheduler to answer


async def serve(address: str, scratch: str) -> None:
    """Does what the scheduler asks for, on one thread, until it is told to leave or the scheduler is gone."""
    worker = Worker(
        address,
        nthreads=1,
        memory_limit=0,  # no limit: what a run needs it needs
        local_directory=scratch,
        dashboard=False,
        death_timeout=WAITS_S,
    )
    async with worker:
        ready_file(scratch, os.getpid()).touch()
        await worker.finished()


def _leave_with_parent() -> None:
    """Waits for the end of a pipe that nobody writes to, which comes when the process at its other end is gone."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def main() -> None:
    """Runs the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a ctrl-C is for the process that started this one, which ends it
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    address, scratch = sys.argv[1:]
    asyncio.run(serve(address, scratch))
    os._exit(0)  # a run that is still at work must not keep the process


if __name__ == "__main__":
    main()
