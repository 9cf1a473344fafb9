"""A plain Python client of a running graph: an arm as one object, without ROS in sight.

No process of the graph, and nothing that knows a servo; it uses the topics, services and actions that others use.
Begin with arm.py.
"""
