"""What is told of a wiring whose directions and zeros nobody has tested by hand; this is the one place."""

NOT_CONFIRMED = "every motion is a tenth as fast: directions and zeros are not confirmed"
_OTHERWISE = ", with this arm's --robot"


def how_to_confirm(options: str = "") -> str:
    """What ends it.

    Args:
        options: that mean the same arm; "" where they are not known.
    """
    return f"test all joints by hand: armature calibrate{' ' + options if options else _OTHERWISE}"
