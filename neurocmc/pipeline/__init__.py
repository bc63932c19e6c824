"""Runs everything between model.pt and a verified program.

model                loads a circuit with its stimuli from a file
bundled              finds what ships by its name
starts               holds the files that a circuit of one's own begins with
options              holds what a user may choose of a compilation
lower                runs the passes, level by level
clock                measures how long they take
search               chooses by candidates what the user left open
neurons              runs the line of networks that spike already
chips                has the families of chips
levels               writes the levels into an artifact
sample               measures what a compilation keeps of its stimuli
compile              writes the artifact, whole or not at all
artifact             reads it again
difference           says how two artifacts differ
shown                shows it in a notebook
manifest             checks its manifest
schemas              publishes the form of its JSON files
program              emits its program again, and compares
child_program        runs a program in an interpreter of its own
core_files           runs files of cores
simulate             runs one of its interpreters, under one stimulus
staging              undoes staging in recordings
verify               walks all its edges, and says what would cure a miss
walk                 walks the edges between its levels
latency              measures what the network between cores does to spikes
theory               compares a winner-take-all with formulas
emitted              compares the program with its level
certificates         certifies models and artifacts
cures                tries what would keep a missed budget
quantised            puts a quantised network beside it
pages                makes pages of its levels, whole
reporting            writes budget, pictures and page
traced               runs trials on all levels, for the page
robustness           runs the circuit on faulty chips
robustness_judged    judges its trials
robustness_files     writes the results of that
robustness_campaign  measures that as a campaign, here or on workers
automata             runs and judges state machines
exports              writes circuits for other tools
demos                shows bundled circuits
sweep                compiles circuits in many ways
study                trains and compiles many runs
campaign             does many runs, here or on workers
doctor               finds what a machine has

Nothing is imported here: torch and Brian2 take seconds, and only some of these need them.
"""
