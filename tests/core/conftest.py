from __future__ import annotations

import pytest
from hypothesis import settings

from .arms import Arm

# No deadline: the machine of the tests may be busy with something else.
settings.register_profile("core", deadline=None, max_examples=40)
settings.load_profile("core")


@pytest.fixture(scope="session")
def six():
    return Arm("armature6")


@pytest.fixture(scope="session")
def four():
    return Arm("open_manipulator_x")
