"""The stock SDK and its easy SDK drive the emulator unmodified: in process, on a port that holds the bus."""

from __future__ import annotations

import pytest
from dynamixel_easy_sdk import Connector
from dynamixel_easy_sdk.data_types import OperatingMode
from dynamixel_easy_sdk.dynamixel_error import DxlRuntimeError
from dynamixel_sdk import (
    COMM_RX_TIMEOUT,
    COMM_SUCCESS,
    GroupBulkRead,
    GroupBulkWrite,
    GroupSyncRead,
    GroupSyncWrite,
    PacketHandler,
    PortHandler,
)

from armature.dynamixel.tables.roles import Role

from ..bench import Host

HANDLER = PacketHandler(2.0)
IDS = (1, 2, 3)


class BusPort(PortHandler):
    """The SDK's port with the emulated bus in the place of the serial driver."""

    def __init__(self, host: Host) -> None:
        super().__init__("emulated")
        self.host = host
        self.received = b""
        self.tx_time_per_byte = 10_000.0 / self.baudrate
        self.milliseconds = 0.0

    def getCurrentTime(self):
        # Time passes while the SDK looks at the clock, as it waits by looking.
        self.milliseconds += 0.2
        return self.milliseconds

    def writePort(self, packet):
        self.received += self.host.send(bytes(packet))
        return len(packet)

    def readPort(self, length):
        data, self.received = self.received[:length], self.received[length:]
        return data

    def clearPort(self):
        self.received = b""


@pytest.fixture
def port(host):
    return BusPort(host)


def test_ping_and_broadcast_ping(port):
    assert HANDLER.ping(port, 1) == (1020, COMM_SUCCESS, 0)
    assert HANDLER.broadcastPing(port) == ({1: [1020, 48], 2: [1020, 48], 3: [1060, 48]}, COMM_SUCCESS)


def test_a_servo_moves(port, host):
    assert HANDLER.write1ByteTxRx(port, 1, 64, 1) == (COMM_SUCCESS, 0)
    assert HANDLER.write4ByteTxRx(port, 1, 116, 3_000) == (COMM_SUCCESS, 0)
    host.wait(1.0)
    position, *result = HANDLER.read4ByteTxRx(port, 1, 132)
    assert result == [COMM_SUCCESS, 0]
    assert position == pytest.approx(3_000, abs=2)


def test_reg_write_and_action(port):
    assert HANDLER.regWriteTxRx(port, 1, 65, 1, [1]) == (COMM_SUCCESS, 0)
    assert HANDLER.read1ByteTxRx(port, 1, 65)[0] == 0
    HANDLER.action(port, 0xFE)
    assert HANDLER.read1ByteTxRx(port, 1, 65)[0] == 1


def test_reboot_factory_reset_and_clear(port, host):
    assert HANDLER.clearMultiTurn(port, 1) == (COMM_SUCCESS, 0)
    assert HANDLER.reboot(port, 2) == (COMM_SUCCESS, 0)
    assert HANDLER.factoryReset(port, 3, 0x02) == (COMM_SUCCESS, 0)
    assert HANDLER.ping(port, 2)[1] == COMM_RX_TIMEOUT
    host.wait(0.5)
    assert HANDLER.ping(port, 2)[1] == COMM_SUCCESS


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda port: HANDLER.write4ByteTxRx(port, 1, 116, 5_000), "limit value"),
        (lambda port: HANDLER.write1ByteTxRx(port, 1, 64, 9), "out of range"),
        (lambda port: HANDLER.write2ByteTxRx(port, 1, 116, 9), "length"),
        (lambda port: HANDLER.write4ByteTxRx(port, 1, 132, 9), "not available"),
    ],
)
def test_errors_are_told_in_the_words_of_the_sdk(port, write, message):
    result, error = write(port)
    assert result == COMM_SUCCESS
    assert message in HANDLER.getRxPacketError(error).lower()


@pytest.mark.parametrize("fast", [False, True])
def test_sync_read(port, fast):
    group = GroupSyncRead(port, HANDLER, 126, 10)
    for servo_id in IDS:
        group.addParam(servo_id)
    assert (group.fastSyncRead() if fast else group.txRxPacket()) == COMM_SUCCESS
    assert [group.getData(servo_id, 132, 4) for servo_id in IDS] == [2_048] * 3


@pytest.mark.parametrize("fast", [False, True])
def test_bulk_read(port, fast):
    group = GroupBulkRead(port, HANDLER)
    group.addParam(1, 132, 4)
    group.addParam(3, 144, 2)
    assert (group.fastBulkRead() if fast else group.txRxPacket()) == COMM_SUCCESS
    assert (group.getData(1, 132, 4), group.getData(3, 144, 2)) == (2_048, 120)


def test_sync_and_bulk_write(port, host):
    sync = GroupSyncWrite(port, HANDLER, 65, 1)
    bulk = GroupBulkWrite(port, HANDLER)
    for servo_id in (1, 2):
        sync.addParam(servo_id, [1])
    bulk.addParam(2, 84, 2, [5, 0])
    bulk.addParam(3, 65, 1, [1])
    assert sync.txPacket() == bulk.txPacket() == COMM_SUCCESS
    assert [host.read("LED", servo_id) for servo_id in IDS] == [1, 1, 1]
    assert host.read(Role.POSITION_P_GAIN, 2) == 5


def test_a_missing_servo_is_a_timeout(port):
    group = GroupSyncRead(port, HANDLER, 132, 4)
    for servo_id in (1, 9, 2):
        group.addParam(servo_id)
    assert group.txRxPacket() == COMM_RX_TIMEOUT


def test_indirect_addresses(port, host):
    """The flow of the SDK's example indirect_address.py: LED and goal at 224, moving and position at 229."""
    pointers = {168: 65, **{170 + 2 * n: 116 + n for n in range(4)}, 178: 122}
    pointers |= {180 + 2 * n: 132 + n for n in range(4)}
    for address, target in pointers.items():
        assert HANDLER.write2ByteTxRx(port, 1, address, target) == (COMM_SUCCESS, 0)
    assert HANDLER.write1ByteTxRx(port, 1, 64, 1) == (COMM_SUCCESS, 0)
    write, read = GroupSyncWrite(port, HANDLER, 224, 5), GroupSyncRead(port, HANDLER, 229, 5)
    write.addParam(1, [1, *(3_000).to_bytes(4, "little")])
    read.addParam(1)
    assert write.txPacket() == COMM_SUCCESS
    host.wait(0.05)
    assert read.txRxPacket() == COMM_SUCCESS
    assert read.getData(1, 229, 1) == 1
    host.wait(1.0)
    assert read.txRxPacket() == COMM_SUCCESS
    assert read.getData(1, 230, 4) == pytest.approx(3_000, abs=2)
    assert host.read("LED") == 1


def test_whole_turns_are_cleared(port, host):
    """The flow of clear_multi_turn.py."""
    assert HANDLER.write1ByteTxRx(port, 1, 11, 4) == (COMM_SUCCESS, 0)
    assert HANDLER.write1ByteTxRx(port, 1, 64, 1) == (COMM_SUCCESS, 0)
    assert HANDLER.write4ByteTxRx(port, 1, 116, 1_048_575) == (COMM_SUCCESS, 0)
    host.wait(3.0)
    position = HANDLER.read4ByteTxRx(port, 1, 132)[0]
    assert position > 4_096
    assert "Failed" in HANDLER.getRxPacketError(HANDLER.clearMultiTurn(port, 1)[1])  # it moves
    assert HANDLER.write4ByteTxRx(port, 1, 116, position) == (COMM_SUCCESS, 0)
    host.wait(0.5)
    assert HANDLER.clearMultiTurn(port, 1) == (COMM_SUCCESS, 0)
    assert HANDLER.read4ByteTxRx(port, 1, 132)[0] < 4_096


def test_a_factory_reset_returns_the_factory_baud_rate(port, host):
    """The flow of factory_reset.py."""
    assert HANDLER.factoryReset(port, 1, 0x01) == (COMM_SUCCESS, 0)
    host.wait(0.5)
    assert HANDLER.ping(port, 1)[1] == COMM_RX_TIMEOUT
    host.bus.wire.baud_rate = 57_600
    assert HANDLER.read1ByteTxRx(port, 1, 8) == (1, COMM_SUCCESS, 0)
    assert HANDLER.write1ByteTxRx(port, 1, 8, 3) == (COMM_SUCCESS, 0)
    host.bus.wire.baud_rate = 1_000_000
    assert HANDLER.ping(port, 1)[1] == COMM_SUCCESS


class TestEasySdk:
    """dynamixel_easy_sdk."""

    @pytest.fixture
    def connector(self, port, monkeypatch):
        monkeypatch.setattr("dynamixel_easy_sdk.connector.PortHandler", lambda name: port)
        monkeypatch.setattr(port, "setBaudRate", lambda baud: True)
        return Connector("emulated", 1_000_000)

    def test_it_drives_a_servo(self, connector, host):
        motor = connector.createMotor(1)
        motor.disableTorque()
        motor.setPositionPGain(1_000)
        motor.enableTorque()
        motor.setGoalPosition(2_500)
        host.wait(1.0)
        assert motor.getPresentPosition() == pytest.approx(2_500, abs=2)
        assert host.read(Role.POSITION_P_GAIN) == 1_000

    def test_it_changes_the_mode_and_turns_a_wheel(self, connector, host):
        motor = connector.createMotor(2)
        motor.setOperatingMode(OperatingMode.VELOCITY)
        motor.enableTorque()
        motor.setGoalVelocity(-100)
        host.wait(1.0)
        assert motor.getPresentVelocity() == pytest.approx(-100, abs=3)
        with pytest.raises(DxlRuntimeError):
            motor.setGoalPosition(1_000)  # not in this mode

    def test_groups(self, connector, host):
        motors = [connector.createMotor(servo_id) for servo_id in IDS]
        group = connector.createGroupExecutor()
        for motor in motors:
            motor.enableTorque()
            group.addCmd(motor.stageSetGoalPosition(2_200))
        group.executeWrite()
        host.wait(1.0)
        for motor in motors:
            group.addCmd(motor.stageGetPresentPosition())
        assert group.executeRead() == pytest.approx([2_200] * 3, abs=3)

    def test_it_tells_what_the_servo_refuses(self, connector):
        motor = connector.createMotor(1)
        motor.enableTorque()
        with pytest.raises(DxlRuntimeError):
            motor.setGoalPosition(5_000)

    def test_it_reboots_and_finds_servos(self, connector, host):
        connector.createMotor(1).reboot()
        assert list(connector.broadcastPing()) == [2, 3]
        host.wait(0.5)
        assert list(connector.broadcastPing()) == [1, 2, 3]
