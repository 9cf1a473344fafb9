"""What the ROBOTIS e-Manual says of registers and the SDK's files do not: access, range, default, role, unit.

Every row is the row of the same name in "Control Table of EEPROM Area" or "Control Table of RAM Area" of the
model's page (emanual.robotis.com, /docs/en/dxl/x/<model>/ or /docs/en/dxl/mx/<model>-2/).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from armature.dynamixel.tables.model import Access
from armature.dynamixel.tables.roles import Feature, HardwareError, OperatingMode, Role

# Section "Baud Rate(8)": the register's value is the index [bit/s].
BAUD_RATES = (9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000)

# Section "PWM Limit(36)": 885 is a duty of 100 %.
FULL_PWM = 885.0
NO_SHADOW = 253  # from which on Secondary(Shadow) ID(12) names nobody
WATCHDOG_TRIPPED = -1  # what Bus Watchdog(98) reads once it has

# Section "Goal Position(116)", extended position control: 256 turns each way [tick].
_EXTENDED_RANGE = 1_048_575
# Section "Homing Offset(20)" [tick].
_HOMING_RANGE = 1_044_479


@dataclass(frozen=True)
class Fact:
    """One row of the manual; a bound of None means that the manual names none."""

    access: Access
    minimum: int | None = None
    maximum: int | None = None
    default: int | None = None
    signed: bool = False


def gain(default: int) -> Fact:
    """A gain register."""
    return Fact("RW", 0, 16_383, default)


# The XM430-W350's page; other models name their differences below.
COMMON: Mapping[str, Fact] = {
    "Model Number": Fact("R"),
    "Model Information": Fact("R", default=0),
    "Firmware Version": Fact("R"),
    "ID": Fact("RW", 0, 252, 1),
    "Baud Rate": Fact("RW", 0, 7, 1),
    "Return Delay Time": Fact("RW", 0, 254, 250),  # unit 2 µs
    "Drive Mode": Fact("RW", 0, 13, 0),
    "Operating Mode": Fact("RW", 0, 16, 3),
    "Secondary(Shadow) ID": Fact("RW", 0, 255, 255),  # 253 and above switch it off
    "Protocol Type": Fact("RW", 1, 2, 2),
    "Homing Offset": Fact("RW", -_HOMING_RANGE, _HOMING_RANGE, 0, signed=True),
    "Moving Threshold": Fact("RW", 0, 1_023, 10),
    "Temperature Limit": Fact("RW", 0, 100, 80),  # [°C]
    "Max Voltage Limit": Fact("RW", 95, 160, 160),  # unit 0.1 V
    "Min Voltage Limit": Fact("RW", 95, 160, 95),
    "PWM Limit": Fact("RW", 0, 885, 885),  # unit 0.113 %
    "Current Limit": Fact("RW", 0, 1_193, 1_193),
    "Acceleration Limit": Fact("RW", 0, 32_767, 32_767),  # unit 214.577 rev/min²
    "Velocity Limit": Fact("RW", 0, 1_023, 200),
    "Max Position Limit": Fact("RW", 0, 4_095, 4_095),
    "Min Position Limit": Fact("RW", 0, 4_095, 0),
    "External Port Mode 1": Fact("RW", 0, 3, 3),
    "External Port Mode 2": Fact("RW", 0, 3, 3),
    "External Port Mode 3": Fact("RW", 0, 3, 3),
    "PWM Slope": Fact("RW", 1, 255, 140),
    "Shutdown": Fact("RW", 0, 63, 52),
    "Torque Enable": Fact("RW", 0, 1, 0),
    "LED": Fact("RW", 0, 1, 0),
    "Status Return Level": Fact("RW", 0, 2, 2),
    "Registered Instruction": Fact("R", 0, 1, 0),
    "Hardware Error Status": Fact("R", default=0),
    "Velocity I Gain": gain(1_920),
    "Velocity P Gain": gain(100),
    "Position D Gain": gain(0),
    "Position I Gain": gain(0),
    "Position P Gain": gain(800),
    "Feedforward 2nd Gain": gain(0),
    "Feedforward 1st Gain": gain(0),
    "Bus Watchdog": Fact("RW", 0, 127, 0, signed=True),  # unit 20 ms; reads -1 after it has tripped
    "Goal PWM": Fact("RW", -885, 885, signed=True),
    "Goal Current": Fact("RW", -1_193, 1_193, signed=True),
    "Goal Velocity": Fact("RW", -1_023, 1_023, signed=True),
    "Profile Acceleration": Fact("RW", 0, 32_767, 0),  # unit 214.577 rev/min²
    "Profile Velocity": Fact("RW", 0, 32_767, 0),
    "Goal Position": Fact("RW", -_EXTENDED_RANGE, _EXTENDED_RANGE, signed=True),
    "Realtime Tick": Fact("R", 0, 32_767),  # [ms]
    "Moving": Fact("R", 0, 1, 0),
    "Moving Status": Fact("R", default=0),
    "Present PWM": Fact("R", signed=True),
    "Present Current": Fact("R", signed=True),
    "Present Load": Fact("R", -1_000, 1_000, signed=True),  # unit 0.1 %
    "Present Velocity": Fact("R", signed=True),
    "Present Position": Fact("R", signed=True),
    "Velocity Trajectory": Fact("R", signed=True),
    "Position Trajectory": Fact("R", signed=True),
    "Present Input Voltage": Fact("R"),  # unit 0.1 V
    "Present Temperature": Fact("R"),  # [°C]
    "External Port Data 1": Fact("RW"),
    "External Port Data 2": Fact("RW"),
    "External Port Data 3": Fact("RW"),
    "Indirect Address": Fact("RW", 64, 661),
    "Indirect Data": Fact("RW", 0, 255, 0),
}

# Registers that others than the emulator's bytes have a use for.
ROLES: Mapping[str, Role] = {
    "Model Number": Role.MODEL_NUMBER,
    "Firmware Version": Role.FIRMWARE_VERSION,
    "ID": Role.ID,
    "Baud Rate": Role.BAUD_RATE,
    "Return Delay Time": Role.RETURN_DELAY,
    "Status Return Level": Role.STATUS_RETURN_LEVEL,
    "Secondary(Shadow) ID": Role.SHADOW_ID,
    "Drive Mode": Role.DRIVE_MODE,
    "Operating Mode": Role.OPERATING_MODE,
    "Homing Offset": Role.HOMING_OFFSET,
    "Moving Threshold": Role.MOVING_THRESHOLD,
    "Temperature Limit": Role.TEMPERATURE_LIMIT,
    "Max Voltage Limit": Role.MAX_VOLTAGE_LIMIT,
    "Min Voltage Limit": Role.MIN_VOLTAGE_LIMIT,
    "PWM Limit": Role.PWM_LIMIT,
    "Current Limit": Role.CURRENT_LIMIT,
    "Velocity Limit": Role.VELOCITY_LIMIT,
    "Max Position Limit": Role.MAX_POSITION_LIMIT,
    "Min Position Limit": Role.MIN_POSITION_LIMIT,
    "Shutdown": Role.SHUTDOWN,
    "Torque Enable": Role.TORQUE_ENABLE,
    "Hardware Error Status": Role.HARDWARE_ERROR,
    "Registered Instruction": Role.REGISTERED_INSTRUCTION,
    "Bus Watchdog": Role.BUS_WATCHDOG,
    "Velocity I Gain": Role.VELOCITY_I_GAIN,
    "Velocity P Gain": Role.VELOCITY_P_GAIN,
    "Position D Gain": Role.POSITION_D_GAIN,
    "Position I Gain": Role.POSITION_I_GAIN,
    "Position P Gain": Role.POSITION_P_GAIN,
    "Feedforward 2nd Gain": Role.FEEDFORWARD_2ND_GAIN,
    "Feedforward 1st Gain": Role.FEEDFORWARD_1ST_GAIN,
    "Goal PWM": Role.GOAL_PWM,
    "Goal Current": Role.GOAL_CURRENT,
    "Goal Velocity": Role.GOAL_VELOCITY,
    "Goal Position": Role.GOAL_POSITION,
    "Profile Acceleration": Role.PROFILE_ACCELERATION,
    "Profile Velocity": Role.PROFILE_VELOCITY,
    "Realtime Tick": Role.REALTIME_TICK,
    "Moving": Role.MOVING,
    "Moving Status": Role.MOVING_STATUS,
    "Present PWM": Role.PRESENT_PWM,
    "Present Current": Role.PRESENT_CURRENT,
    "Present Load": Role.PRESENT_LOAD,
    "Present Velocity": Role.PRESENT_VELOCITY,
    "Present Position": Role.PRESENT_POSITION,
    "Velocity Trajectory": Role.VELOCITY_TRAJECTORY,
    "Position Trajectory": Role.POSITION_TRAJECTORY,
    "Present Input Voltage": Role.PRESENT_VOLTAGE,
    "Present Temperature": Role.PRESENT_TEMPERATURE,
}

# Of one raw unit; positions, velocities and currents differ by model, what is absent counts ones.
SCALES: Mapping[Role, float] = {
    Role.RETURN_DELAY: 2e-6,  # section "Return Delay Time(9)" [s]
    Role.BUS_WATCHDOG: 0.02,  # section "Bus Watchdog(98)" [s]
    Role.REALTIME_TICK: 1e-3,  # section "Realtime Tick(120)" [s]
    Role.MAX_VOLTAGE_LIMIT: 0.1,  # section "Min Voltage Limit(34)" [V]
    Role.MIN_VOLTAGE_LIMIT: 0.1,
    Role.PRESENT_VOLTAGE: 0.1,  # section "Present Input Voltage(144)" [V]
    Role.PRESENT_LOAD: 0.1,  # section "Present Load(126)" [%]
    Role.PROFILE_ACCELERATION: 214.577 * 2.0 * math.pi / 3_600.0,  # 214.577 rev/min², section of its name [rad/s²]
    # Sections "Position PID Gain(80, 82, 84)", "Feedforward 1st/2nd Gains(88, 90)", "Velocity PI Gain(76, 78)".
    Role.POSITION_P_GAIN: 1.0 / 128.0,
    Role.POSITION_I_GAIN: 1.0 / 65_536.0,
    Role.POSITION_D_GAIN: 1.0 / 16.0,
    Role.FEEDFORWARD_1ST_GAIN: 1.0 / 4.0,
    Role.FEEDFORWARD_2ND_GAIN: 1.0 / 4.0,
    Role.VELOCITY_P_GAIN: 1.0 / 128.0,
    Role.VELOCITY_I_GAIN: 1.0 / 65_536.0,
}

# Section "Hardware Error Status(70)".
ERROR_BITS: Mapping[HardwareError, int] = {
    HardwareError.INPUT_VOLTAGE: 0x01,
    HardwareError.OVERHEATING: 0x04,
    HardwareError.MOTOR_ENCODER: 0x08,
    HardwareError.ELECTRICAL_SHOCK: 0x10,
    HardwareError.OVERLOAD: 0x20,
}


def modes(has_current: bool) -> Mapping[OperatingMode, int]:
    """Section "Operating Mode(11)": a model that measures no current controls none."""
    need_current = (OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION)
    return {mode: int(mode) for mode in OperatingMode if has_current or mode not in need_current}


def features(name: str) -> Mapping[Feature, int]:
    """The first firmware that has each feature, by the size in the model's name.

    Sections "Bus Watchdog(98)", "Clear", "Fast Sync Read"; those of the size 330 had the first two from the start.
    The MX series and servos of two axes (2XL430, 2XC430) do not know fast reads.
    """
    is_small = name[2:4] == "33"
    found = {Feature.REBOOT: 0, Feature.BUS_WATCHDOG: 0 if is_small else 38, Feature.CLEAR: 0 if is_small else 42}
    if not name.startswith(("MX-", "2X")):
        found[Feature.FAST_READ] = 46 if is_small else 45
    return found
