"""The command line as `python -m armature.cli`."""

from __future__ import annotations

import sys

from armature.cli.main import main

sys.exit(main())
