from __future__ import annotations

from hypothesis import settings

# No deadline: the machine of the tests may be busy with something else.
settings.register_profile("core", deadline=None, max_examples=40)
settings.load_profile("core")
