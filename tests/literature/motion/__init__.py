"""Motion by learned delays: dots, equations, pruning, training, the study, and its page."""
