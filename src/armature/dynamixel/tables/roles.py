"""What registers are for, in words that hold for every family of servos; each model says which of them it has."""

from __future__ import annotations

from enum import Enum, IntEnum, IntFlag


class Role(str, Enum):
    """What a register is for; its value is the name in parameters, for example `<joint>.position_p_gain`."""

    MODEL_NUMBER = "model_number"
    FIRMWARE_VERSION = "firmware_version"
    ID = "id"
    BAUD_RATE = "baud_rate"
    RETURN_DELAY = "return_delay"  # [s]
    STATUS_RETURN_LEVEL = "status_return_level"
    SHADOW_ID = "shadow_id"
    DRIVE_MODE = "drive_mode"
    OPERATING_MODE = "operating_mode"
    HOMING_OFFSET = "homing_offset"  # [rad]
    MOVING_THRESHOLD = "moving_threshold"  # [rad/s]
    TEMPERATURE_LIMIT = "temperature_limit"  # [°C]
    MAX_VOLTAGE_LIMIT = "max_voltage_limit"  # [V]
    MIN_VOLTAGE_LIMIT = "min_voltage_limit"  # [V]
    PWM_LIMIT = "pwm_limit"
    CURRENT_LIMIT = "current_limit"  # [A]
    VELOCITY_LIMIT = "velocity_limit"  # [rad/s]
    MAX_POSITION_LIMIT = "max_position_limit"  # [rad]
    MIN_POSITION_LIMIT = "min_position_limit"  # [rad]
    SHUTDOWN = "shutdown"  # the bits of hardware errors that cut torque
    TORQUE_ENABLE = "torque_enable"
    HARDWARE_ERROR = "hardware_error"
    REGISTERED_INSTRUCTION = "registered_instruction"
    REBOOT = "reboot"  # written with 1 it restarts the servo, where no instruction does
    BUS_WATCHDOG = "bus_watchdog"  # [s]
    VELOCITY_I_GAIN = "velocity_i_gain"
    VELOCITY_P_GAIN = "velocity_p_gain"
    POSITION_D_GAIN = "position_d_gain"
    POSITION_I_GAIN = "position_i_gain"
    POSITION_P_GAIN = (
        "position_p_gain"  # PWM for each tick that it is off its goal; current in current-based control
    )
    FEEDFORWARD_2ND_GAIN = "feedforward_2nd_gain"
    FEEDFORWARD_1ST_GAIN = "feedforward_1st_gain"
    GOAL_PWM = "goal_pwm"
    GOAL_CURRENT = "goal_current"  # [A]
    GOAL_VELOCITY = "goal_velocity"  # [rad/s]
    GOAL_POSITION = "goal_position"  # [rad]
    PROFILE_ACCELERATION = "profile_acceleration"  # [rad/s²]
    PROFILE_VELOCITY = "profile_velocity"  # [rad/s]
    REALTIME_TICK = "realtime_tick"  # [s]
    MOVING = "moving"
    MOVING_STATUS = "moving_status"
    PRESENT_PWM = "present_pwm"
    PRESENT_CURRENT = "present_current"  # [A]
    PRESENT_LOAD = "present_load"  # [%] of the stall torque
    PRESENT_VELOCITY = "present_velocity"  # [rad/s]
    PRESENT_POSITION = "present_position"  # [rad]
    VELOCITY_TRAJECTORY = "velocity_trajectory"  # [rad/s]
    POSITION_TRAJECTORY = "position_trajectory"  # [rad]
    PRESENT_VOLTAGE = "present_voltage"  # [V]
    PRESENT_TEMPERATURE = "present_temperature"  # [°C]

    def __str__(self) -> str:
        return self.value

    @property
    def is_gain(self) -> bool:
        """Whether it says how firmly the servo controls, and so by how much it sags."""
        return self.value.endswith("_gain")


MEASURED = (
    *(Role.REALTIME_TICK, Role.PRESENT_PWM, Role.PRESENT_CURRENT, Role.PRESENT_LOAD, Role.PRESENT_VELOCITY),
    *(Role.PRESENT_POSITION, Role.PRESENT_VOLTAGE, Role.PRESENT_TEMPERATURE),
)
"""What a servo measures, so that two servos hardly ever agree in all of it."""


class OperatingMode(IntEnum):
    """What a servo controls; the numbers are Dynamixel's, and a model says how its own register names each."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16

    def __str__(self) -> str:
        """As the wiring file says it."""
        return "PWM" if self is OperatingMode.PWM else _MODE_NAMES.get(self, self.name.lower().replace("_", " "))

    @property
    def counts_turns(self) -> bool:
        """Whether positions go beyond one turn, which a servo that restarts loses."""
        return self in (OperatingMode.EXTENDED_POSITION, OperatingMode.CURRENT_BASED_POSITION)


_MODE_NAMES = {OperatingMode.CURRENT_BASED_POSITION: "current-based position"}


class HardwareError(IntFlag):
    """What a servo can find wrong with itself; the bits are Dynamixel's, and a model says which its own are."""

    INPUT_VOLTAGE = 0x01
    OVERHEATING = 0x04
    MOTOR_ENCODER = 0x08
    ELECTRICAL_SHOCK = 0x10
    OVERLOAD = 0x20


class Feature(Enum):
    """What a servo's firmware has or lacks, besides registers."""

    BUS_WATCHDOG = "Bus Watchdog"
    CLEAR = "Clear"
    FAST_READ = "Fast Sync Read and Fast Bulk Read"
    REBOOT = "Reboot"
