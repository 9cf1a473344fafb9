"""The arrays of the core: double precision throughout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
"""Numbers in SI units; the shape stands where it is used, n being the number of joints."""
