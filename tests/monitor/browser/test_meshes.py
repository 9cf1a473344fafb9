"""The page's 3D view of an arm with meshes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from armature.core.model.urdf import read_urdf
from armature.description.page_files import page_files
from armature.monitor.api.services import MonitorConfig

from ...description.solids import binary_stl, dae, mesh, obj
from ..conftest import POSES, URDF

BOX = '<box size="0.04 0.04 0.2"/>'


@pytest.fixture
def config(tmp_path):
    """An arm whose upper part is drawn as three meshes, and as two that are not to be had."""
    binary_stl(tmp_path / "box.stl")
    obj(tmp_path / "box.obj")
    dae(tmp_path / "box.dae")
    (tmp_path / "broken.dae").write_text("<html/>")
    names = ("box.stl", "box.obj", "box.dae", "none.stl", "broken.dae")
    looks = "".join(mesh(name, "0.02 0.02 -0.02", kind="visual") for name in names)
    visual = f'<visual><origin xyz="0 0 0.1"/><geometry>{BOX}</geometry></visual>'
    arm = read_urdf(URDF.replace(visual, looks), "r.urdf")
    served, missing = page_files(arm, tmp_path / "r.urdf")
    return replace(MonitorConfig(arm=arm, poses=POSES), meshes=served, missing_meshes=missing)


def test_meshes_are_loaded_once_and_those_that_lack_are_named(open_page, chromium_3d):
    asked: Counter[str] = Counter()
    page = open_page(browser=chromium_3d, watch=lambda request: asked.update([request.url.rpartition("/")[2]]))
    note = page.locator("#view-note")
    note.filter(has_text="2 of 5 meshes could not be loaded: none.stl, broken.dae.").wait_for()
    assert "none.stl: there is no file" in note.get_attribute("title")
    assert "broken.dae: " in note.get_attribute("title")
    assert {name: asked[name] for name in ("box.stl", "box.obj", "box.dae", "none.stl")} == {
        "box.stl": 1, "box.obj": 1, "box.dae": 1, "none.stl": 0,
    }  # fmt: skip
