"""Reads rate networks that someone trained elsewhere: as arrays, from a file of them, or recognised by their step.

cell        holds a recurrent cell as its equations have it, and steps it
circuit     turns a cell into a RateCircuit, with its readout on the host
network     holds a cell with its readout and data, and is written as one .npz
reading     makes a network of named arrays, and says what is wrong with them
writing     names the arrays of what a person brings
recognise   recognises a cell by what one step of it does
"""
