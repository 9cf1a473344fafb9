"""Spoils messages by their types: some field gets a value that its type allows and nobody would mean."""

from __future__ import annotations

import math

from rosidl_parser.definition import AbstractSequence, Array, BasicType, NamespacedType

NUMBERS = (0.0, 0.3, -1.0, 1e5, -1e5, 1e12, 1e155, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf)
WHOLE = {"int32": (0, 1, -1, 2**31 - 1, -(2**31)), "uint32": (0, 200_000_000, 2**32 - 1)}
TEXTS = ("waist", "elbow", "gripper", "", "preview", "tool0", "base_link", "nowhere")
LONGEST = 300  # of a sequence that is repeated


def spoiled(message, chance):
    """Put nonsense into one field of a message; returns the message."""
    names = list(message.get_fields_and_field_types())
    index = chance.randrange(len(names))
    slot = message.SLOT_TYPES[index]
    setattr(message, names[index], _value(slot, getattr(message, names[index]), chance))
    return message


def _value(slot, value, chance):
    if isinstance(slot, NamespacedType):
        return spoiled(value, chance)
    if isinstance(slot, AbstractSequence | Array):
        return _sequence(slot, list(value), chance)
    if not isinstance(slot, BasicType):
        return chance.choice(TEXTS)
    if slot.typename == "boolean":
        return not value
    return chance.choice(WHOLE.get(slot.typename, (0, 1)) if "int" in slot.typename else NUMBERS)


def _sequence(slot, values, chance):
    how = chance.randrange(6)
    if how == 0 or not values:
        return (
            [] if values or isinstance(slot.value_type, NamespacedType) else [_value(slot.value_type, 0, chance)]
        )
    if how == 1:
        return (values * 100)[:LONGEST]
    index = chance.randrange(len(values))
    values[index] = _value(slot.value_type, values[index], chance)
    return values
