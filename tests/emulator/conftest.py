from __future__ import annotations

import pytest
from hypothesis import settings

from .bench import Host

# No deadline: the machine of the tests may be busy with something else.
settings.register_profile("emulator", deadline=None, max_examples=30)
settings.load_profile("emulator")


@pytest.fixture
def host():
    return Host("XM430-W350", "XM430-W350", "XL430-W250")
