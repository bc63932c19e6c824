"""Fuzzing of every file that a command reads: mutations that know the structure, run in forks, judged by promises.

case.py        a case: files in a folder and one command
corpus.py      small sound files of every kind, which mutations start from
trees.py  arrays.py  archives.py  raw.py  special.py    the mutations
kinds.py  members.py    what is mutated, and which commands read it
sandbox.py     one command in a fork, with limits; real.py: as a process of its own
promises.py    what no input may bring about
oracle.py      what accepted input must come to
kills.py       commands killed before the n-th thing they ask of the file system
campaign.py    many cases, several workers, resumable
"""
