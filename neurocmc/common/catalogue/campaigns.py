"""Says what the ids of campaigns mean: sweeps, studies and searches, and the workers that do their runs."""

CAMPAIGNS = {
    "campaign-other": "The output folder holds runs of another campaign: of another plan or version of neurocmc.",
    "run-file-wrong": "A file in the folder of a campaign is not the outcome of a run.",
    "run-input-changed": "A file that the runs read has changed since the campaign began, or differs on a worker.",
    "run-lost": "The worker died in every attempt at this run.",
    "workers-cannot-start": "A worker process on this machine ended before its first run.",
    "worker-unfit": "A worker of a cluster has another version of neurocmc than the campaign, or none.",
    "scheduler-unreachable": "No Dask scheduler answers at the address that was given.",
    "scheduler-without-workers": "A Dask scheduler answers, but it has no workers.",
    "plug-in-unknown": "A study names a family or a measure that does not exist.",
    "plug-in-broken": "A family or measure that is not part of neurocmc failed.",
    "measure-options": (
        "A study gives a measure arguments that it does not take, or leaves out arguments that it needs."
    ),
    "measure-wrong": (
        "A measure returned something other than names with finite numbers, truth values or short texts."
    ),
    "measure-unfit": "A measure needs something that a run does not have, such as a chip.",
    "scheduler-lost": "The connection to the Dask scheduler, or to its last worker, was lost during a campaign.",
}
