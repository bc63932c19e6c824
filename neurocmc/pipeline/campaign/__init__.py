"""Runs campaigns: many independent runs, here or on worker processes, kept on disk, the same bytes wherever they run.

task     says what a run is to do, and what came of it, as plain data
work     does one run, wherever it is asked for
place    says where runs are done
folder   checks the folder of a campaign, and clears it
inputs   knows what runs read by its content
kept     keeps what is done on disk, so that a campaign that was killed goes on
run      does all runs of a campaign
crew     is who does them: this process, or workers
cluster  has them done by workers of a Dask scheduler
local    starts worker processes on this machine, and new ones where some die
worker   is such a process

Dask is imported by `cluster` and `worker` alone, and only where there is more than one worker.
"""
