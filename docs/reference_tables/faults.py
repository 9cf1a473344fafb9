"""Causes of faults and what may be done about each, from `dynamixel/faults`."""

from __future__ import annotations

from armature.dynamixel.faults import policy
from armature.dynamixel.status.cause import ERROR_BITS, Cause
from reference_tables.markdown import code, table

INTRODUCTION = """# Causes and policies

The gravest first: where a joint has several faults, this one is shown. What each policy does, how each cause is
found, and how one recovers from it: [Faults](../reference/faults.md).
"""


def page() -> str:
    """The page."""
    return "\n".join(
        [INTRODUCTION, table(("cause", "parameter", "policy", "others", "error bit"), map(_row, Cause))]
    )


def _row(cause: Cause) -> tuple[str, ...]:
    first, *others = policy.ALLOWED[cause]
    bit = f"0x{ERROR_BITS[cause]:02X}" if cause in ERROR_BITS else ""
    return (str(cause), code(f"faults.{cause.value}.policy"), str(first), ", ".join(map(str, others)), bit)
