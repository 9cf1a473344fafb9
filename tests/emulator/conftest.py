from __future__ import annotations

import pytest

from .bench import Host


@pytest.fixture
def host():
    return Host("XM430-W350", "XM430-W350", "XL430-W250")
