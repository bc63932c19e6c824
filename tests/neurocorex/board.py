"""A board behind a pseudo-terminal: it takes bytes one by one, as the serial line brings them, and answers ticks."""

import os
import threading
import tty

import numpy as np

from neurocmc.backends.neurocorex.packets import answer_bytes, load_bytes, read_packets
from neurocmc.ir.neurocorex.registers import CoreRegisters
from neurocmc.sim.neurocorex.core import run_core
from tests.neurocorex.rtl import registers as no_registers

LOAD = len(load_bytes(no_registers()))
END = b"\xff\xff\xff"


class Board(threading.Thread):
    """Answers on one end of a pseudo-terminal; `port` is the other end. `most_waiting` is what its queue held."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._own, self._far = os.openpty()
        tty.setraw(self._far)
        self.port = os.ttyname(self._far)
        self.loaded: CoreRegisters | None = None
        self.runs = 0
        self.most_waiting = 0

    def run(self) -> None:
        load = self._take(LOAD)
        self.loaded = read_packets(load, "sent").registers
        while self._take(1) == b"\x30":
            self._trial()
            self.runs += 1

    def _trial(self) -> None:
        channels: list[int] = []
        sent, spikes = 0, 0
        assert self.loaded is not None
        while (packet := self._take(3)) != END:
            channels += [-1] * packet[0] + [packet[1] | packet[2] << 8]
            spikes += 1
            if spikes % 16 == 0:  # it takes 16 ticks or more for what it has got
                sent = self._answer(channels, sent)
            self.most_waiting = max(self.most_waiting, spikes % 16)
        self._answer(channels, sent)

    def _answer(self, channels: list[int], sent: int) -> int:
        seen, _ = run_core(self.loaded, np.array(channels))
        whole = answer_bytes(seen[:-1])
        os.write(self._own, whole[sent:])
        return len(whole)

    def _take(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            found += os.read(self._own, count - len(found))
        return found
