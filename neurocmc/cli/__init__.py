"""Runs the command line, one file a command.

main            gathers the commands
compile         `neurocmc compile`
neurons         does what commands do with networks that spike already
simulate        `neurocmc simulate`
simulate_cores  `neurocmc simulate` of a file of cores
verify          `neurocmc verify`
budget          `neurocmc budget`
show            `neurocmc show`
export          `neurocmc export`
inspect         `neurocmc inspect`
robustness      `neurocmc robustness`
sweep           `neurocmc sweep`
demo            `neurocmc demo`
train           `neurocmc train`
study           `neurocmc study`
targets         `neurocmc targets`
models          `neurocmc models`
new             `neurocmc new`
diff            `neurocmc diff`
doctor          `neurocmc doctor`
certificates    prints certificates, alike states in one line
options         defines the options that several commands share
complete        completes names in the shell
output          prints facts, tables, progress and JSON
page            keeps control characters off the terminal
failures        tells failures, by exit codes

Commands import what they need when they run, never before: `neurocmc --help` must not wait for torch and Brian2.
"""
