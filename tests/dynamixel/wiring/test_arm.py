from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.core.model.urdf import read_urdf
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import ServoWiring, Wiring
from armature.errors import ConfigError

ARM = read_urdf("""<robot name="r"><link name="a"/><link name="b"/><link name="c"/><link name="d"/>
<joint name="elbow" type="revolute"><parent link="a"/><child link="b"/>
  <limit lower="-1" upper="1.5" velocity="3" effort="1"/></joint>
<joint name="slide" type="prismatic"><parent link="b"/><child link="c"/>
  <limit lower="0" upper="0.03" velocity="0.05" effort="1"/></joint>
<joint name="finger" type="prismatic"><parent link="b"/><child link="d"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="1"/><mimic joint="slide"/></joint></robot>""")
TEXT = """
bus: {baud_rate: 1000000 bit/s}
joints:
  elbow: {id: 7, model: XM430-W350, direction: -1, zero_offset: 180 deg, reduction: 1 rad/rad}
  slide: {id: 9, model: XL430-W250, direction: 1, zero_offset: 90 deg, reduction: 80 rad/m}
"""


def read(text: str = TEXT) -> Wiring:
    return Wiring.from_yaml(text, ARM, "servos.yaml")


def servo(joint: str) -> ServoWiring:
    return next(entry for entry in read().servos if entry.joint == joint)


def test_a_wiring_file_is_read():
    wiring = read()
    assert (wiring.buses, wiring.joints, wiring.ids) == ({"": 1_000_000}, ("elbow", "slide"), (7, 9))
    assert (servo("elbow").model.name, servo("elbow").direction) == ("XM430-W350", -1)
    assert (servo("slide").reduction, servo("slide").zero_offset) == (80.0, math.pi / 2)


@pytest.mark.parametrize(
    ("joint", "position", "ticks"),
    [("elbow", 0.0, 2048), ("elbow", math.pi / 2, 1024), ("slide", 0.0, 1024), ("slide", 0.01, 1546)],
)
def test_positions_become_ticks(joint, position, ticks):
    """4096 ticks a turn: half a turn is 2048; 10 mm at 80 rad/m are 0.8 rad or 521.5 ticks."""
    assert servo(joint).to_ticks(position) == ticks


@settings(deadline=None)
@given(st.floats(-1, 1.5))
def test_a_position_comes_back_within_half_a_tick(position):
    elbow = servo("elbow")
    assert elbow.to_position(elbow.to_ticks(position)) == pytest.approx(position, abs=elbow.step / 2 + 1e-12)


@settings(deadline=None)
@given(st.floats(-1, 1.5), st.floats(-1, 1.5))
def test_velocity_has_the_sign_of_the_movement(start, end):
    elbow = servo("elbow")
    moved = elbow.to_ticks(end) - elbow.to_ticks(start)
    assert math.copysign(1, elbow.to_velocity(moved)) * (end - start) >= -elbow.step or moved == 0


def test_velocity_of_a_rack_is_in_metres_per_second():
    slide = servo("slide")
    assert slide.to_velocity(100) == pytest.approx(100 * slide.model.velocity_unit / 80.0)


def test_effort_is_known_by_a_calibrated_factor_alone():
    assert math.isnan(servo("elbow").to_effort(1.0))
    text = change("1 rad/rad", "2 rad/rad, torque_constant: 1.5 N·m/A").replace("-1, zero", "1, zero")
    geared = read(text.replace("180 deg", "120 deg")).servos[0]
    assert geared.to_effort(-0.5) == pytest.approx(-1.5)
    assert math.isnan(geared.to_effort(math.nan))


def change(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def limited(current: str) -> str:
    return change("180 deg,", f"180 deg, mode: current-based position, current_limit: {current},")


def test_modes_are_read_with_what_they_need():
    elbow = read(limited("500 mA")).servos[0]
    assert (elbow.mode, elbow.current_limit) == (OperatingMode.CURRENT_BASED_POSITION, 0.5)
    assert elbow.ram == {Role.GOAL_CURRENT: 186}
    assert (servo("elbow").mode, servo("elbow").ram) == (OperatingMode.POSITION, {})
    assert read(change("80 rad/m", "2000 rad/m, mode: extended position")).servos[1].to_ticks(0.03) == 40_138


def test_limits_are_the_smaller_of_the_urdf_and_the_servos_ratings():
    bare = ARM.limited(
        {name: replace(ARM.limit(name), velocity=math.inf, effort=math.inf) for name in ("elbow", "slide")}
    )
    servos = {servo.joint: servo for servo in read().servos}
    for name, limit in ((name, read().narrow_limits(bare).limit(name)) for name in servos):
        servo = servos[name]
        assert limit.velocity == pytest.approx(servo.model.no_load_speed / servo.reduction)
        assert limit.effort == pytest.approx(servo.model.stall_torque * servo.reduction)
    fast = ARM.limited({"elbow": replace(ARM.limit("elbow"), velocity=99.0, effort=0.5)})
    assert read().narrow_limits(fast).limit("elbow").velocity < 10.0
    assert read().narrow_limits(fast).limit("elbow").effort == 0.5


def test_joints_that_ros_could_not_tell_apart_are_refused():
    arm = read_urdf(ARM.urdf.replace('"elbow"', '"joint-1"').replace('"slide"', '"joint 1"'))
    text = TEXT.replace("elbow:", '"joint-1":').replace("slide:", '"joint 1":')
    with pytest.raises(ConfigError, match=r"'joint-1' and it would both be 'joint_1'"):
        Wiring.from_yaml(text, arm)


def test_a_range_of_motion_narrows_the_limits_and_never_widens_them():
    text = change("180 deg,", "180 deg, range: [-0.5 rad, 2 rad],").replace(
        "90 deg,", "90 deg, range: [2 mm, 28 mm],"
    )
    narrowed = read(text).narrow_limits(ARM)
    elbow, slide = narrowed.limit("elbow"), narrowed.limit("slide")
    assert (elbow.lower, elbow.upper, elbow.velocity) == (-0.5, 1.5, 3.0)
    assert (slide.lower, slide.upper) == pytest.approx((0.002, 0.028))
    assert narrowed.joint("finger") == ARM.joint("finger")
    assert read().narrow_limits(ARM) == ARM


SECOND = "180 deg, second: {id: 17, direction: 1, zero_offset: 90 deg},"


def test_a_joint_may_have_two_servos_of_one_model():
    wiring = read(change("180 deg,", SECOND))
    first, second, _ = wiring.all_servos
    assert (wiring.joints, wiring.ids) == (("elbow", "slide"), (7, 17, 9))
    assert (second.joint, second.name, second.model.name) == ("elbow", "elbow_second", "XM430-W350")
    assert (second.direction, second.zero_offset, second.reduction) == (1, math.pi / 2, 1.0)
    assert (first.motors, second.motors) == (2, 2)  # each bears half of the load
    assert second.to_position(second.to_ticks(0.3)) == pytest.approx(
        first.to_position(first.to_ticks(0.3)), abs=2e-3
    )


def second(old: str, new: str) -> str:
    assert old in SECOND
    return change("180 deg,", SECOND.replace(old, new))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("joints: [", "well-formed YAML"),
        ("", "servos.yaml: nothing is given.*names with values"),
        ("bus: {baud_rate: 1000000 bit/s}", "joints: nothing is given"),
        (change("bus:", "serial:"), "'serial'.*keys are bus, buses, joints"),
        (change("1000000 bit/s", "1000000"), "baud_rate: 1000000.*number and a unit"),
        (change("1000000 bit/s", "250000 bit/s"), "'250000 bit/s'.*57600, .*4000000"),
        (change("1000000 bit/s", "-1000000 bit/s"), "servos have 9600"),
        (change("elbow:", "wrist:"), "'wrist'.*joints of r are elbow, slide"),
        (change("elbow:", "finger:"), "'finger'.*joints of r are elbow, slide"),
        (change("  elbow: {", "  # {"), r"\[elbow\].*every driven joint"),
        (change("slide:", "elbow:"), "line 5: 'elbow stands twice'"),
        (change("id: 9", "id: 7"), "id of elbow and slide: 7.*ids must differ"),
        (change("id: 7", "id: 253"), "elbow.id: 253.*0 to 252"),
        (change("id: 7", "id: -1"), "elbow.id: -1"),
        (change("id: 7", "id: 1.5"), "elbow.id: 1.5"),
        (change("id: 7", "id: true"), "elbow.id: true"),
        (change("id: 7, ", ""), "elbow.id: nothing is given"),
        (change("XM430-W350", "XM430-W351"), "elbow.model: 'XM430-W351'.*known models"),
        (change("model: XM430-W350, ", ""), "elbow.model: nothing is given"),
        (change("direction: -1", "direction: 0"), "elbow.direction: 0.*write 1, or -1"),
        (change("direction: -1", "direction: true"), "elbow.direction: true"),
        (change("180 deg", "180"), "elbow.zero_offset: 180.*number and a unit"),
        (change("180 deg", "nan deg"), "elbow.zero_offset: 'nan deg'"),
        (change("1 rad/rad", "0 rad/rad"), "elbow.reduction.*must be positive"),
        (change("1 rad/rad", "-1 rad/rad"), "direction holds the sign"),
        (change("1 rad/rad", "1 rad/m"), "units: rad/rad"),
        (change("80 rad/m", "80 rad/rad"), "units: rad/m, rad/mm"),
        (change("180 deg,", "180 deg, torque_constant: 1.78,"), "torque_constant: 1.78.*number and a unit"),
        (change("180 deg,", "180 deg, torque_constant: -1 N·m/A,"), "must be positive; direction holds the sign"),
        (change("90 deg,", "90 deg, torque_constant: 1 N·m/A,"), "leave it out: XL430-W250 measures no current"),
        (change("zero_offset: 180 deg", "zero: 180 deg"), "'zero'.*keys are id, model"),
        (change("180 deg", "10 deg"), "limit 1.5000.*servo position: -864.*0 to 4095"),
        (change("80 rad/m", "200 rad/m"), "limit 0.0300.*0 to 4095; .* or set mode: extended position"),
        (
            change("180 deg,", "180 deg, mode: velocity,"),
            "elbow.mode: 'velocity'.*position, extended position, curr",
        ),
        (change("180 deg,", "180 deg, mode: 4,"), "elbow.mode: 4.*modes of XM430-W350 are position"),
        (
            change("90 deg,", "90 deg, mode: current-based position,"),
            "modes of XL430-W250 are position, extended pos",
        ),
        (
            change("180 deg,", "180 deg, mode: current-based position,"),
            "current_limit: nothing is given.*units: A, mA",
        ),
        (change("180 deg,", "180 deg, current_limit: 1 A,"), "leave it out, or set mode: current-based position"),
        (limited("0 A"), "'0 A' .*XM430-W350 takes 0.00269 to 3.21 A"),
        (limited("3.3 A"), "'3.3 A' .*XM430-W350 takes 0.00269 to 3.21 A"),
        (second("id: 17", "id: 7"), "id of elbow and elbow_second: 7.*ids must differ"),
        (second("id: 17", "id: 9"), "id of elbow_second and slide: 9.*ids must differ"),
        (second("id: 17, ", ""), "elbow.second.id: nothing is given"),
        (second(", direction: 1", ""), "elbow.second.direction: nothing is given.*write 1, or -1"),
        (second(", zero_offset: 90 deg", ""), "elbow.second.zero_offset: nothing is given"),
        (second("90 deg", "-10 deg"), "elbow.second: limit -1.0000.*servo position"),
        (second("id: 17", "model: XM430-W350, id: 17"), "'model'.*keys are id, direction, zero_offset, torque"),
        (change("180 deg,", "180 deg, second: 12,"), "elbow.second: 12.*names with values"),
        (change("180 deg,", "180 deg, range: 1 rad,"), r"elbow.range: '1 rad'.*write it as \[lower, upper\]"),
        (
            change("180 deg,", "180 deg, range: [1 rad],"),
            r"write it as \[lower, upper\], for example \[-1.5 rad, 1.5",
        ),
        (change("180 deg,", "180 deg, range: [0, 1],"), "elbow.range: 0 .*number and a unit"),
        (change("180 deg,", "180 deg, range: [0 mm, 1 mm],"), "elbow.range: '0 mm' .*units: rad, deg"),
        (change("180 deg,", "180 deg, range: [1 rad, 1 rad],"), "lower must be less than upper"),
        (
            change("180 deg,", "180 deg, range: [1.5 rad, 2 rad],"),
            "some of the URDF's limits, -1.0000 to 1.5000 rad",
        ),
        (
            change("90 deg,", "90 deg, range: [-2 mm, -1 mm],"),
            "slide.range.*limits, 0.0000 to 0.0300 m, must lie in",
        ),
        (
            second("id: 17", "range: [0 rad, 1 rad], id: 17"),
            "'range'.*keys are id, direction, zero_offset, torque",
        ),
        (change("80 rad/m", "60000 rad/m, mode: extended position"), "the servo reaches -1048575 to 1048575"),
    ],
)
def test_a_wiring_that_cannot_be_used_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        read(text)


def test_a_joint_that_has_the_second_servos_name_is_refused():
    arm = read_urdf(
        """<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
        <joint name="elbow" type="revolute"><parent link="a"/><child link="b"/>
          <limit lower="-1" upper="1.5" velocity="3" effort="1"/></joint>
        <joint name="elbow_second" type="fixed"><parent link="b"/><child link="c"/></joint></robot>"""
    )
    text = "\n".join(line for line in change("180 deg,", SECOND).splitlines() if "slide" not in line)
    with pytest.raises(ConfigError, match=r"elbow\.second: 'elbow_second'.*rename the joint"):
        Wiring.from_yaml(text, arm)


def test_errors_name_the_file_and_the_joint():
    with pytest.raises(ConfigError, match=r"^servos\.yaml: joints\.elbow\.id"):
        read(change("id: 7", "id: 300"))


TWO_BUSES = """
buses: {lower: {baud_rate: 1000000 bit/s}, upper-arm: {baud_rate: 57600 bit/s}}
joints:
  elbow: {id: 7, bus: lower, model: XM430-W350, direction: -1, zero_offset: 180 deg, reduction: 1 rad/rad}
  slide: {id: 9, bus: upper-arm, model: XL430-W250, direction: 1, zero_offset: 90 deg, reduction: 80 rad/m}
"""


def test_servos_may_hang_on_several_buses():
    wiring = read(TWO_BUSES)
    assert wiring.buses == {"lower": 1_000_000, "upper-arm": 57_600}
    assert [(servo.bus, wiring.baud_rate(servo)) for servo in wiring.servos] == [
        ("lower", 1_000_000),
        ("upper-arm", 57_600),
    ]
    upper = wiring.on_bus("upper-arm")
    assert (upper.buses, upper.ids) == ({"upper-arm": 57_600}, (9,))
    assert read().on_bus("") == read()


def test_a_second_servo_hangs_on_the_bus_of_the_first_unless_it_says_otherwise():
    pair = "id: 7, bus: lower, second: {id: 8, direction: 1, zero_offset: 180 deg},"
    servo = read(TWO_BUSES.replace("id: 7, bus: lower,", pair)).servos[0]
    assert (servo.bus, servo.second.bus) == ("lower", "lower")
    other = pair.replace("{id: 8,", "{id: 8, bus: upper-arm,")
    wiring = read(TWO_BUSES.replace("id: 7, bus: lower,", other))
    assert wiring.servos[0].second.bus == "upper-arm"
    assert wiring.on_bus("lower").ids == (7,)
    assert wiring.on_bus("upper-arm").ids == (8, 9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: 7, bus: lower,", "id: 7,", "joints.elbow.bus: nothing is given.*buses are lower, upper-arm"),
        ("id: 7, bus: lower,", "id: 7, bus: middle,", "joints.elbow.bus: 'middle' .*buses are lower, upper-arm"),
        ("id: 9, bus: upper-arm,", "id: 7, bus: upper-arm,", "id of elbow and slide: 7 .*on all buses together"),
        (
            "id: 9, bus: upper-arm,",
            "id: 9, bus: lower,",
            "buses: 'upper-arm' .*no servo hangs on it; leave it out",
        ),
        ("upper-arm: {baud", '"upper/arm": {baud', "buses: 'upper/arm' .*letters, digits, _ and -"),
        ("57600 bit/s", "57600", "buses.upper-arm.baud_rate: 57600"),
        ("57600 bit/s", "57601 bit/s", "buses.upper-arm.baud_rate.*57601"),
        ("buses: {", "bus: {baud_rate: 1000000 bit/s}\nbuses: {", "not both"),
        (
            "buses: {lower: {baud_rate: 1000000 bit/s}, upper-arm: {baud_rate: 57600 bit/s}}",
            "buses: {}",
            "at least",
        ),
    ],
)
def test_buses_that_cannot_be_used_are_refused(old, new, message):
    assert old in TWO_BUSES
    with pytest.raises(ConfigError, match=message):
        read(TWO_BUSES.replace(old, new))


def test_a_bus_is_named_only_where_there_are_several():
    with pytest.raises(ConfigError, match=r"joints.elbow.bus: 'lower' .*leave it out"):
        read(TEXT.replace("id: 7,", "id: 7, bus: lower,"))


def test_all_mistakes_of_a_file_are_told_at_once():
    text = TWO_BUSES.replace("57600", "57601").replace("id: 7", "id: 300").replace("direction: -1", "direction: 2")
    text = text.replace("180 deg", "180").replace("XL430-W250", "XL430").replace("80 rad/m", "80, speed: 1")
    with pytest.raises(ConfigError) as refused:
        read(f"{text}  wrist: {{id: 3}}\nport: /dev/ttyUSB0\n")
    assert [part.where for part in refused.value.parts] == [
        "servos.yaml",
        "servos.yaml: buses.upper-arm.baud_rate",
        "servos.yaml: joints.elbow.id",
        "servos.yaml: joints.elbow.direction",
        "servos.yaml: joints.elbow.zero_offset",
        "servos.yaml: joints.slide",
        "servos.yaml: joints.slide.model",
        "servos.yaml: joints.slide.reduction",
        "servos.yaml: joints.wrist",
    ]


def test_what_is_wrong_between_servos_is_told_beside_what_is_wrong_with_one():
    with pytest.raises(ConfigError) as refused:
        read(second("id: 17", "id: 9").replace("-1, zero_offset: 180 deg", "-1, zero_offset: 10 deg"))
    assert [part.where for part in refused.value.parts] == [
        "servos.yaml: joints.elbow: limit 1.5000 of the URDF is at servo position",
        "servos.yaml: id of elbow_second and slide",
    ]
    with pytest.raises(ConfigError) as refused:
        read(change("id: 9", "id: 7").replace("bus: {baud", "serial: {baud"))
    assert [part.where for part in refused.value.parts] == [
        "servos.yaml",
        "servos.yaml: bus",
        "servos.yaml: id of elbow and slide",
    ]


def test_a_misspelt_joint_is_told_once():
    with pytest.raises(ConfigError, match=r"^servos\.yaml: joints\.elbo: 'elbo' ") as refused:
        read(change("elbow:", "elbo:"))
    assert len(refused.value.parts) == 1
