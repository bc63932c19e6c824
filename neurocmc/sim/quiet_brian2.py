"""Brian2, imported without what its import does to the process around it.

`import brian2` opens a debug log and a copy of the running script in the temporary directory, sends all Python
warnings through its own logger and replaces `sys.excepthook`. A compiler that uses Brian2 for one of its levels must
leave the process of its user alone; so all four are undone, unless the user imported Brian2 first, for then they are
the user's choice. Its handler of interrupts calls the one before it, which is no function in a process that ignores
them (any that a shell script runs in the background): there the old state is put back as well.
"""

import logging
import signal
import sys
import threading
from pathlib import Path

if "brian2" in sys.modules:
    import brian2
else:
    _excepthook, _interrupt = sys.excepthook, signal.getsignal(signal.SIGINT)
    import brian2
    from brian2.utils.logger import BrianLogger

    sys.excepthook = _excepthook
    if not callable(_interrupt) and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)
    logging.captureWarnings(False)
    if BrianLogger.file_handler is not None:
        logging.getLogger("brian2").removeHandler(BrianLogger.file_handler)
        BrianLogger.file_handler.close()
        BrianLogger.file_handler = None
    for _file in (BrianLogger.tmp_log, BrianLogger.tmp_script):
        if _file is not None:
            Path(_file).unlink(missing_ok=True)
    BrianLogger.tmp_log = BrianLogger.tmp_script = None
    brian2.prefs["logging.file_log"] = False
    brian2.prefs["logging.save_script"] = False

from brian2.devices.device import reset_device

__all__ = ["brian2", "reset_device"]
