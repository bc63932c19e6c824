"""The front desk: the command line, one file a command; what it says and how it fails, in `output` and `failures`.

Commands import what they need when they run, never before: `neurocmc --help` must not wait for torch and Brian2.
"""
