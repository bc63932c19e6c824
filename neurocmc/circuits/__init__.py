"""The trainable torch models and their training: circuits, encoders, tasks, recipes."""
