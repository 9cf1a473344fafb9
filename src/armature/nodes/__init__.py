"""The processes of the graph, one thin file each."""
