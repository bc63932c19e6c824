"""The line from model.pt to a verified program.

    model      a file becomes a circuit with its stimuli
    lower      the list of passes, level by level
    choose     the smallest pools that keep an error
    compile    the artifact on disk, whole or not at all
    artifact   the artifact read again
    simulate   one of its interpreters, under one stimulus
    verify     every edge between its levels
    theory     those to the formulas of a winner-take-all
    emitted    the last of them, program/ itself
    reporting  budget, pictures, page
    demo       bundled circuits, shown

Nothing is imported here: torch and Brian2 take seconds, and only some of these need them.
"""
