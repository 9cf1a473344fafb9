"""The entry, `python3 -m armature.provision TARGET`, in syntax that any Python 3 can read."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - `make` takes whatever python3 is
    found = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - read by old interpreters
    sys.exit("armature: CPython 3.10 to 3.13 is needed, this is " + found + "; try make PYTHON=python3.12")

from armature.provision.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
