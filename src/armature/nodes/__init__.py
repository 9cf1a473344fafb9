"""The processes of the graph, one package each; common/ is what they share.

No rule of the arm's own: parameters become objects, and callbacks are a few lines.
Begin with common/topics.py, then any __main__.py.
"""

import gc
import sys

# Python runs one of these packages: nothing of the thousand modules that follow is garbage. `freeze_gc` ends it.
if sys.argv[:1] == ["-m"]:
    gc.disable()

# rclpy loads what generates messages, where that is there, and its parsers: 7 MB and 25 ms a process, for nothing.
sys.modules.setdefault("rosidl_generator_py.generate_py_impl", None)  # type: ignore[arg-type]
