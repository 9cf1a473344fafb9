from __future__ import annotations

import codecs

import pytest

from armature.core.model.urdf import read_urdf
from armature.core.model.xml_text import decode, parse
from armature.errors import ConfigError

TEXT = '<robot name="Bär"><link name="base"/></robot>'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        f"<?xml version='1.0' encoding='ISO-8859-1'?>{TEXT}".encode("latin-1"),
        f'<?xml version="1.0" encoding="windows-1252" standalone="yes"?>\r\n{TEXT}'.encode("cp1252"),
        f"<?xml version='1.0' encoding='UTF-16'?>{TEXT}".encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
)
def test_a_urdf_is_read_in_its_own_encoding(content):
    text = decode(content, "arm.urdf")
    assert read_urdf(text).name == "Bär"
    assert "encoding" not in text or "utf-8" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT.encode("latin-1"), r"arm\.urdf: encoding: 'utf-8'.*save it as UTF-8, or declare"),
        (b"<?xml version='1.0' encoding='klingon'?><robot/>", "'klingon'"),
    ],
)
def test_another_encoding_than_it_says_is_told(content, message):
    with pytest.raises(ConfigError, match=message):
        decode(content, "arm.urdf")


@pytest.mark.parametrize(
    "text",
    [
        f"<!DOCTYPE robot>{TEXT}",
        f"<!-- made by hand -->{TEXT}<!-- the end -->",
        TEXT.replace("<robot", '<robot xmlns="http://www.ros.org"'),
        TEXT.replace("<robot", '<robot xmlns:xacro="http://www.ros.org/wiki/xacro"'),
        TEXT.replace("</robot>", "<gazebo><plugin><a/></plugin></gazebo><ros2_control name='x'/></robot>"),
        TEXT.replace("<robot", '<robot xmlns:xacro="http://ros.org/wiki/xacro"').replace(
            "<link", '<xacro:property name="width" value="1"/><link'
        ),
        TEXT.replace("</robot>", "<transmission name='t'/><material name='m'/><!-- x --></robot>"),
    ],
)
def test_what_is_not_ours_in_a_urdf_is_passed_over(text):
    assert read_urdf(text).root == "base"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<robot xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:arm/></robot>', "<xacro:arm>.*xacro file"),
        ('<robot xmlns:xacro="http://wiki.ros.org/xacro"><xacro:arm/></robot>', "<xacro:arm>.*xacro file"),
        (
            '<robot xmlns:xacro="http://wiki.ros.org/xacro"><xacro:property name="a"/><link name="${a}"/></robot>',
            "<xacro:property>.*xacro file",
        ),
        ("<robot>\0</robot>", "well-formed"),
        ("<sdf/>", "outermost element of a URDF is <robot>"),
    ],
)
def test_what_is_no_urdf_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text)


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ('<!ENTITY a0 "ha">' + LAUGHS, "a0"),
        ('<!ENTITY secret SYSTEM "file:///etc/passwd">', "secret"),
        ('<!ENTITY % all SYSTEM "http://example.org/all.dtd"> %all;', "all"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_by_their_name_before_the_file_is_parsed(declared, name, encoding):
    text = f"<!DOCTYPE robot [{declared}]><robot name='r'>&{name};</robot>"
    with pytest.raises(ConfigError, match=f"arm.urdf: entity: '{name}' cannot be used; entities are not read"):
        decode(text.encode(encoding), "arm.urdf")


def test_elements_in_each_other_without_an_end_are_refused():
    text = TEXT.replace("</robot>", "<gazebo>" * 5000 + "</gazebo>" * 5000 + "</robot>")
    with pytest.raises(ConfigError, match=r"arm.urdf: '<gazebo>' .* at most 100 elements stand in each other"):
        parse(text, "arm.urdf")
