"""The line from model.pt to a verified program: load, compile, simulate, verify, budget, demo."""

from neurocmc.pipeline.artifact import Artifact, open_artifact
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.demo import DEMOS, DemoResult, run_demo
from neurocmc.pipeline.lower import Progress
from neurocmc.pipeline.model import Model, load
from neurocmc.pipeline.reporting import read_budget as budget
from neurocmc.pipeline.simulate import simulate
from neurocmc.pipeline.verify import Verification, verify

__all__ = [
    "DEMOS",
    "Artifact",
    "CompileOptions",
    "DemoResult",
    "Model",
    "Progress",
    "Verification",
    "budget",
    "compile_model",
    "load",
    "open_artifact",
    "run_demo",
    "simulate",
    "verify",
]
