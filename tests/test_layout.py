"""The package as colcon and pip see it: setup.py, package.xml, marker, data files, requirements."""

from __future__ import annotations

import ast
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import setuptools

from armature.graph import PROCESS_NAMES
from armature.provision.plan import DATA_FOLDERS
from armature.provision.preflight import DISTROS

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ET.parse(ROOT / "package.xml").getroot()
ROS_LIBRARIES = {"rclpy", "launch", "launch_ros", "ament_index_python"}


@pytest.fixture(scope="module")
def arguments() -> Mapping[str, Any]:
    """What setup.py hands to setuptools.setup."""
    taken: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", lambda **given: taken.update(given))
        patch.chdir(ROOT)
        source = (ROOT / "setup.py").read_text(encoding="utf-8")
        exec(compile(source, "setup.py", "exec"), {"__file__": str(ROOT / "setup.py"), "__name__": "__main__"})
    return taken


def scripts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Console scripts: name → module:function."""
    return dict(entry.split(" = ") for entry in arguments["entry_points"]["console_scripts"])


def installed(arguments: Mapping[str, Any]) -> dict[str, set[str]]:
    """Data files: folder to install to → files."""
    return {target: set(files) for target, files in arguments["data_files"]}


def test_every_console_script_names_a_function_that_exists(arguments: Mapping[str, Any]) -> None:
    missing = []
    for name, entry in scripts(arguments).items():
        module, function = entry.split(":")
        path = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
        defined = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
        if function not in {node.name for node in defined if isinstance(node, ast.FunctionDef)}:
            missing.append(name)
    assert missing == []


def test_every_process_of_the_graph_is_an_executable(arguments: Mapping[str, Any]) -> None:
    assert set(scripts(arguments)) == {*PROCESS_NAMES, "armature"}


def test_executables_go_where_ros_looks_for_them(arguments: Mapping[str, Any]) -> None:
    assert arguments["options"]["install"]["install_scripts"] == "$base/lib/armature"
    assert arguments["options"]["develop"]["script_dir"] == "$base/lib/armature"


def test_every_package_of_the_sources_is_installed(arguments: Mapping[str, Any]) -> None:
    sources = ROOT / "src"
    wanted = {".".join(path.parent.relative_to(sources).parts) for path in sources.glob("armature/**/*.py")}
    assert wanted <= set(arguments["packages"])


def test_marker_and_manifest_are_installed(arguments: Mapping[str, Any]) -> None:
    assert "resource/armature" in installed(arguments)["share/ament_index/resource_index/packages"]
    assert "package.xml" in installed(arguments)["share/armature"]
    assert (ROOT / "resource" / "armature").is_file()


@pytest.mark.parametrize("source", ["launch", "config", "urdf", "web/dist"])
def test_every_data_file_is_installed_at_its_place(arguments: Mapping[str, Any], source: str) -> None:
    target = {folder: name for name, folder in DATA_FOLDERS.items()}[source]
    wanted = {
        str(path.relative_to(ROOT)): f"share/armature/{target}/{path.parent.relative_to(ROOT / source)}"
        for path in (ROOT / source).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    given = {file: folder for folder, files in installed(arguments).items() for file in files}
    assert {file: Path(given.get(file, "missing")) for file in wanted} == {
        file: Path(folder) for file, folder in wanted.items()
    }


def test_environment_links_the_folders_that_setup_installs(arguments: Mapping[str, Any]) -> None:
    first = {Path(folder).parts[2] for folder in installed(arguments) if len(Path(folder).parts) > 2}
    assert first - {"resource_index"} <= set(DATA_FOLDERS)


def test_name_and_version_agree(arguments: Mapping[str, Any]) -> None:
    import armature

    assert MANIFEST.findtext("name") == arguments["name"] == "armature"
    assert MANIFEST.findtext("version") == arguments["version"] == armature.__version__
    assert MANIFEST.findtext("license") == arguments["license"] == "Apache-2.0"
    assert MANIFEST.findtext("export/build_type") == "ament_python"


def imported_libraries() -> set[str]:
    """Top names of what the sources and launch files import from outside."""
    names = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "launch").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"armature"}


def is_ros(name: str) -> bool:
    """Whether an imported name comes with ROS 2."""
    return name in ROS_LIBRARIES or name.endswith(("_msgs", "_interfaces", "_srvs"))


def test_every_ros_package_that_is_imported_is_a_dependency() -> None:
    named = {element.text for element in MANIFEST.iter("exec_depend")}
    assert {name for name in imported_libraries() if is_ros(name)} - named == set()


def test_every_library_that_is_imported_is_a_requirement() -> None:
    imports_as = {
        "pyyaml": "yaml",
        "mcap-ros2-support": "mcap_ros2",
        "dynamixel-sdk": "dynamixel_sdk",
        "pycollada": "collada",
    }
    along = {"werkzeug", "serial"}  # with flask, with dynamixel-sdk
    named = {imports_as.get(name, name) for name in requirements("requirements.txt")}
    assert {name for name in imported_libraries() if not is_ros(name)} - named - along == set()


def requirements(name: str) -> list[str]:
    """Names in a requirements file, in lower case."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [re.split(r"[<>=~;\[]", line)[0].strip().lower() for line in lines if line]


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_every_requirement_is_bounded(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line and not re.search(r"[=<>]=?\d", line)] == []


@pytest.mark.parametrize("distro", DISTROS)
def test_every_ros_wheel_is_pinned(distro: str) -> None:
    lines = (ROOT / f"requirements-ros-{distro}.txt").read_text(encoding="utf-8").splitlines()
    wheels = [line for line in lines if line.startswith("ros-")]
    assert wheels
    assert [line for line in wheels if not re.fullmatch(r"ros-[a-z0-9-]+==\d+\.\d+\.\d+", line)] == []
    assert not [line for line in wheels for other in DISTROS if other != distro and f"-{other}-" in line]
