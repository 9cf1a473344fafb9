"""A URDF as text and as XML."""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ElementTree

from armature.errors import ConfigError

# Spellings of the one namespace that are in use.
_XACRO = ("{http://www.ros.org/wiki/xacro}", "{http://wiki.ros.org/xacro}", "{http://ros.org/wiki/xacro}")
_DEFINING = ("}property", "}arg")  # which alone do nothing
# Longer ones first: the mark of UTF-32 begins as that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),  # without a mark (XML 1.0, appendix F)
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENTITY = re.compile(r"<!ENTITY\s+(?:%\s+)?([^\s>]*)")
_DEEPEST = 100  # elements in each other; a URDF needs about 5, and what copies and writes it calls itself for each
_ENCODING = re.compile(r"""(\A\s*<\?xml[^>]*?\sencoding\s*=\s*["'])[A-Za-z0-9._-]+""")


def decode(content: bytes, source: str) -> str:
    """Text of an XML file, by its byte order mark or the encoding that its first line declares.

    The text says that it is UTF-8, since that is how it goes on.

    Raises:
        ConfigError: it is not in that encoding, or declares entities.
    """
    encoding = _encoding_of(content)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError) as error:
        example = "<?xml version='1.0' encoding='latin-1'?>"
        allowed = f"save it as UTF-8, or declare its encoding in its first line, as in {example} ({error})"
        raise ConfigError(f"{source}: encoding", encoding, allowed) from error
    if "<!DOCTYPE" in text and (entity := _ENTITY.search(text)):  # a few can make gigabytes, or name other files
        raise ConfigError(f"{source}: entity", entity[1], "entities are not read: write what it stands for")
    return _ENCODING.sub(r"\g<1>utf-8", text)


def _encoding_of(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    declared = _DECLARED.match(content)
    return declared[1].decode("ascii") if declared else "utf-8"


def parse(text: str, source: str = "URDF") -> ElementTree.Element:
    """The <robot> of a URDF; a namespace of the whole document is left out of the names of its elements.

    Raises:
        ConfigError: it is no XML, or no URDF.
    """
    try:
        robot = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ConfigError(source, str(error), "it must be a well-formed XML file") from error
    _check_depth(robot, source)
    space, _, name = robot.tag.rpartition("}")
    if name != "robot":
        raise ConfigError(source, name, "the outermost element of a URDF is <robot>")
    for element in robot.iter():
        if element.tag.startswith(_XACRO) and not (element.tag.endswith(_DEFINING) and "${" not in text):
            xacro = element.tag.rpartition("}")[2]
            raise ConfigError(
                source, f"<xacro:{xacro}>", "it is a xacro file: name it so (.xacro), or expand it first"
            )
        if space:
            element.tag = element.tag.removeprefix(f"{space}}}")
    return robot


def _check_depth(robot: ElementTree.Element, source: str) -> None:
    level = [robot]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    if level:
        allowed = f"at most {_DEEPEST} elements stand in each other: leave it out"
        raise ConfigError(source, f"<{level[0].tag}>", allowed)
