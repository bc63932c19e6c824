"""Makes a content-addressable memory, after area CA3 of the hippocampus, a network of neurons with delays.

arrays       reads cues and contents as arrays
recognise    tells such files from others
recall_yaml  reads them from a YAML file
circuit      makes the network that holds them
trials       makes the input spikes that recall each, and decodes what was recalled
"""
