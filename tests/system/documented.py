"""How each command of README and docs is run by test_documents.py, or why it is not. A new one is entered here.

Commands are what a shell gets, without comments; the order within a table is that of running.
"""

from __future__ import annotations

# On one graph that `armature up` has started, with what each must say; its exit code is 0.
ON_THE_GRAPH = {
    "armature status": "DISABLED",
    "armature status --servos": "elbow",
    ".venv/bin/armature record start": "recording_",
    "armature enable": "enabled",
    "armature move home": "goal reached",
    "armature move --joints elbow=0.5,waist=0": "goal reached",
    "armature move --to 0.25 0.1 0.15 [R P Y]": "goal reached",
    "armature move --line 0 0 -0.03 [--frame tool]": "goal reached",
    "armature move --arc 0.03 0.03 0 0 0.06 0": "goal reached",
    "armature payload 0.25": "payload of 0.25 kg",
    "armature payload 0.25 --at 0 0 0.05": "at 0 0 0.05 m of the tool",
    "armature payload 0": "payload of 0 kg",
    "armature payload": "payload of 0 kg",
    "armature pose save NAME": "saved pose NAME",
    "armature move NAME": "goal reached",
    "armature pose remove NAME": "removed pose NAME",
    "armature pose save NAME [--force]": "saved pose NAME",
    "armature pose list": "home",
    ".venv/bin/armature record stop": "recording_",
    ".venv/bin/armature report BAG": "joint states",
    "armature gripper 0 [--effort 5]": "goal reached",
    "armature stop": "nothing was moving",
    "armature disable": "parked, torque off",
    "armature free --end": "",
    "armature world --robot armature6 --out armature6.sdf": "",
    "armature logs --namespace left": "there is no log",
    "armature fault list": "encoder_slip",
    "armature fault active": "nothing",
    "armature fault push --joint elbow --param torque=0.7 --for 0.5": "injected push",
    "armature fault clear": "cleared",
    "armature record snapshot": "snapshot_",
    "armature logs servo_interface": "servo_interface",
    "armature restart servo_interface": "",
    "armature down": "torque is off",
}
# What the programs of the tutorial say on it, in their order; nothing stands on standard error.
TUTORIAL = (r"-?\d+\.\d+ \d+\.\d+", r"position of elbow.*its limits are", "goal reached")
# Examples on the enabled arm; those of one group run at once, since they need nothing of each other.
EXAMPLES = (
    {
        "move_tool.py": "arm_controller/move_arc: goal reached",
        "gripper.py": "it is there",
        "record.py": "snapshot_",
        "watch.py 2": "waist",
    },
    {"jog.py": ""},
    {"stop.py": "servo_interface/enable: enabled"},
    {"arm.py": "the tool is at"},
    {"free_drive.py elbow": "elbow"},
    {"teach.py elbow": "press Enter"},
)
REFUSED = {"armature logs --namespace left": 1}  # here there is no such arm

# On an emulated bus that `armature emulate` serves; dialogues are held at a terminal.
ON_A_NEW_SERVO = "armature emulate --link /tmp/bus --factory elbow"
SETUP = "armature setup --port /tmp/bus elbow"
ON_A_BUS = "armature emulate --link /tmp/bus"
CALIBRATION = (
    "cp config/servos.yaml /tmp/servos.yaml",
    "armature fault --link /tmp/bus encoder_slip --joint elbow --param angle=0.1",
    "armature fault --link /tmp/bus place",
    "armature calibrate --port /tmp/bus --wiring /tmp/servos.yaml",
    "armature fault --link /tmp/bus place --joint elbow --param position=0.5",
)

# Forms of commands: names in capitals and … stand for something. Filled in so, they must be what the parser takes.
FORMS = {
    "armature move home --seconds 10": "move home --seconds 10",
    "armature up --robot ~/my_arm": "up --robot ~/my_arm",
    "armature check --robot ~/my_arm --port DEV": "check --robot ~/my_arm --port DEV",
    "armature up --robot ~/my_arm --xacro-arg side:=left --xacro-arg hand:=false": (
        "up --robot ~/my_arm --xacro-arg side:=left --xacro-arg hand:=false"
    ),
    "armature check --params-file FILE": "check --params-file FILE",
    "armature up --http 0.0.0.0:8080": "up --http 0.0.0.0:8080",
    "armature gripper": "gripper 0.02",
    "armature torque-off": "torque-off",
    "armature torque-off --yes": "torque-off --yes",
    "armature clear": "clear",
    "armature release": "release",
    "armature logs": "logs",
    "armature restart": "restart monitor",
    "armature free": "free elbow",
    "armature record": "record start",
    "armature report": "report BAG",
    "armature fault": "fault drop",
    "armature bench": "bench bus graph control tracking faults web",
    "armature move": "move home park",
    "armature scan": "scan",
    "armature check": "check",
    "armature setup": "setup",
    "armature setup --apply": "setup --apply",
    "armature calibrate": "calibrate",
    "armature emulate --link": "emulate --link PATH",
    "armature emulate": "emulate --link PATH",
    "armature fault …": "fault drop",
    "armature fault … --namespace left": "fault drop --namespace left",
    "armature fault stuck_joint": "fault stuck_joint",
    "armature world": "world",
    "armature up --wiring FILE": "up --wiring FILE",
}

# Not run, and why; those of armature are still parsed.
_PORT = "needs servos at a real port"
_ROS = "needs a ROS 2 installation"
_GAZEBO = "needs Gazebo; tests/system/test_gazebo.py has a stand-in"
_LONG = "takes minutes; what it measures has tests of its own in tests/bench"
_FAULT = "a fault of the table of docs/reference/emulator.md, which are all injected"
_TWO = "two arms are started by tests/system/test_two_arms.py"
NOT_RUN = {
    "armature setup --port /dev/ttyUSB0 --robot NAME": _PORT,
    "armature calibrate --port /dev/ttyUSB0 --robot NAME": _PORT,
    "armature check --port /dev/ttyUSB0 --robot NAME": _PORT,
    "armature check --port /dev/ttyUSB0": _PORT,
    "armature fault silence --joint elbow --for 1": _FAULT,
    "armature fault reset --joint waist": _FAULT,
    "armature fault stuck_joint --joint waist": _FAULT,
    "source .venv/bin/activate": "is the environment that the tests run in",
    "systemctl stop": "needs systemd",
    "ros2 bag play": _ROS,
    "ros2 param dump": _ROS,
    "ros2 param set /arm_controller constraints.goal_time 2": _ROS,
    "ros2 param set /arm_controller payload 0.25": _ROS,
    "armature setup --port /dev/ttyUSB0": _PORT,
    "armature setup --port /dev/ttyUSB0 elbow": _PORT,
    "armature setup --port /dev/ttyUSB0 elbow --dry-run": _PORT,
    "armature setup --port /dev/ttyUSB0 --apply": _PORT,
    "armature calibrate --port /dev/ttyUSB0": _PORT,
    "armature calibrate --port /dev/ttyUSB0 --pose home elbow": _PORT,
    "armature up --namespace left --port /dev/ttyUSB0 --wiring left/servos.yaml --params-file left/arm.yaml": _TWO,
    "armature up --namespace right --port /dev/ttyUSB1 --wiring right/servos.yaml --params-file right/arm.yaml"
    " --http 127.0.0.1:8081": _TWO,
    "armature move home --namespace left": _TWO,
    "armature free elbow": "needs a joint in current-based position mode; tests/nodes/live/test_free_drive.py",
    "armature emulate --link /tmp/bus --robot open_manipulator_x --baud 57600 --usb-latency 0.016": (
        "is the emulator of the tests in tests/emulator/bus/test_terminal.py"
    ),
    "armature bench faults": _LONG,
    "armature bench control": _LONG,
    "armature bench loop": _LONG,
    "armature bench bus --plot FILE": _LONG,
    "armature bench tracking --plot FILE": _LONG,
    "armature bench tracking --plot docs/images/tracking.png": _LONG,
    "armature up --robot armature6 --port gazebo": _GAZEBO,
    "gz sim -r armature6.sdf": _GAZEBO,
    "ros2 run ros_gz_bridge parameter_bridge --ros-args -p config_file:=config/gazebo_bridge.yaml"
    " -p expand_gz_topic_names:=true": _GAZEBO,
    "ros2 launch": _ROS,
    "ros2 launch armature gazebo.launch.py": _GAZEBO,
    "ros2 launch armature gazebo.launch.py robot:=armature6 gui:=true": _GAZEBO,
    "ros2 launch armature arm.launch.py robot:=armature6 port:=/dev/ttyUSB0": _ROS,
    "ros2 launch armature arm.launch.py namespace:=left port:=/dev/ttyUSB0"
    " wiring:=… params_file:=… http_port:=8080": _ROS,
    "ros2 run tf2_ros static_transform_publisher --frame-id world --child-frame-id left/base_link …": _ROS,
    "ros2 run armature armature status": _ROS,
    "source install/setup.bash": _ROS,
    "apt install ros-jazzy-ros-gz": _ROS,
    "colcon build": _ROS,
    "colcon test": _ROS,
    "pip install --ignore-installed blinker": _ROS,
    "ros2 launch armature arm.launch.py robot:=~/my_arm port:=/dev/ttyUSB0": _ROS,
    "ros2 launch armature arm.launch.py robot:=~/my_arm xacro_args:='side:=left hand:=false'": _ROS,
    "pip install -r requirements.txt": "needs the network",
    ".venv/bin/python examples/send_trajectory.py examples/pick_and_place.yaml": (
        "takes 19 s of motion; tests/system/test_up.py runs it, with the recorder on"
    ),
}

# Targets of make, with what they must do: a dry run, since a test cannot set up its own environment anew.
MADE = {
    "make run": "armature up",
    'make run ARGS="--port /dev/ttyUSB0 --robot NAME"': "armature up --port /dev/ttyUSB0 --robot NAME",
    "ROS_DISTRO=kilted make run": ".venv-kilted/bin/armature up",
    "make test": "-m pytest",
    "make soak": "--soak",
    "make web": "armature.provision web",
    "make bench": "armature bench",
    "make docs": "-m sphinx",
    'make run ARGS="--robot NAME"': "armature up --robot NAME",
}
