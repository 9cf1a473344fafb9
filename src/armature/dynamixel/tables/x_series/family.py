"""The Dynamixel X and MX(2.0) models as one family."""

from __future__ import annotations

from armature.dynamixel.tables.family import Family
from armature.dynamixel.tables.x_series.control_table import load_model, model_numbers
from armature.dynamixel.tables.x_series.facts import BAUD_RATES

X_SERIES = Family("Dynamixel X and MX(2.0)", BAUD_RATES, model_numbers, load_model)
