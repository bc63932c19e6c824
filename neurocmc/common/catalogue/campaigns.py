"""Says what the ids of campaigns mean: sweeps, studies and searches, and the workers that do their runs."""

CAMPAIGNS = {
    "campaign-other": "The output folder holds runs of another campaign, of another plan or version of neurocmc.",
    "run-file-wrong": "A file in the folder of a campaign is not the outcome of a run.",
    "run-input-changed": "A file that runs read is not what it was when the campaign began, or another on a worker.",
    "run-lost": "The worker of a run died every time that the run was tried.",
    "workers-cannot-start": "A worker process on this machine ended before it could do anything.",
    "worker-unfit": "A worker of a cluster has another version of neurocmc than the campaign, or none.",
    "scheduler-unreachable": "No Dask scheduler answers at the address that was given.",
    "scheduler-without-workers": "A Dask scheduler answers, and has no workers.",
    "plug-in-unknown": "A study names a family or a measure that is not there.",
    "plug-in-broken": "A family or measure that is not part of neurocmc failed.",
    "measure-options": "A study gives a measure arguments that it does not have, or not those that it needs.",
    "measure-wrong": "A measure returned something else than names with finite numbers, truths or short texts.",
    "measure-unfit": "A measure needs something that a run does not have, such as a chip.",
    "scheduler-lost": "The Dask scheduler, or the last of its workers, went away during a campaign.",
}
