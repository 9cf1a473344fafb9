"""The bench of virtual time, which `armature bench faults` shares with the tests."""

from __future__ import annotations

from armature.bench.simulation.virtual import ARM, JOINTS, PERIOD, POSES, WIRING, Bench, VirtualPort

__all__ = ["ARM", "JOINTS", "PERIOD", "POSES", "WIRING", "Bench", "VirtualPort"]
