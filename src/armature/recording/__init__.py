"""Recordings: MCAP files in the layout of rosbag2."""
