"""The figures of how punctual the loop is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from armature.bench.bus import punctuality
from armature.errors import ProcessError

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize("end", ["", "import os; os.kill(os.getpid(), 9)"])
def test_a_measurement_that_is_cut_short_says_so_in_one_line(end):
    cut_short = subprocess.Popen([sys.executable, "-S", "-c", end], stdout=subprocess.PIPE, text=True)
    with pytest.raises(ProcessError) as told:
        list(punctuality._lateness(cut_short, "the machine's timer"))
    assert str(told.value).endswith("the measurement beside it was ended; run it again, and let it finish")
