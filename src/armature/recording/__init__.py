"""Recordings: MCAP files in the layout of rosbag2.

No ROS; messages are bytes.
Begin with recorder/recorder.py to write, report/report.py to read.
"""
