"""Any level as text, by the printer that is its own."""

from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.printer import print_chip, print_integer
from neurocmc.ir.printer import print_rate, print_spiking
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.truenorth.printer import print_cores
from neurocmc.ir.truenorth.program import CoreProgram

Printed = RateCircuit | SpikingNetwork | IntegerNetwork | ChipProgram | CoreProgram


def print_level(level: Printed) -> str:
    """The page of a level of any kind."""
    match level:
        case RateCircuit():
            return print_rate(level)
        case SpikingNetwork():
            return print_spiking(level)
        case IntegerNetwork():
            return print_integer(level)
        case ChipProgram():
            return print_chip(level)
        case CoreProgram():
            return print_cores(level)
