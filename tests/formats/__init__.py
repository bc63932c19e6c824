"""Files as every version of their formats had them, kept to see that they are read, or refused with a way on."""
