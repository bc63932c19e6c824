"""Defines the trainable torch models and trains them: circuits, encoders, tasks, recipes.

families      trains a recipe of any family
swta          is the soft winner-take-all as a torch module
swta_values   holds its numbers, free of torch
model         puts an encoder before it, to read digits
recipe        describes how that is trained
train         trains it
cmc           has canonical microcircuits
memory_tasks  has working memories
study         trains many runs and compares them
training      runs the one training loop
own           offers circuits for training loops of one's own
chip_pool     puts a chip's pool of neurons into any torch model
seen_pools    puts pools behind the populations of a circuit in training
for_chip      makes the recipe of a training for a chip
fields        defines the fields that recipes share
seeds         says what is a seed
checkpoints   writes the container of every checkpoint
archive       reads a torch.save archive as plain data and tensors
digits        reads the digits of mnist-5k
images        loads the tasks of images
image_files   reads the files in which images are published
labelled      holds images with their labels
"""
