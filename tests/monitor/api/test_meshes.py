from __future__ import annotations

import os
from dataclasses import replace

import pytest

from armature.monitor.app import create_app


@pytest.fixture
def client(tmp_path, gateway, hub, page_root, config):
    (tmp_path / "a b.dae").write_bytes(b"mesh")
    (tmp_path / "skin.png").write_bytes(b"image")
    (tmp_path / "secret").write_bytes(b"secret")
    files = {
        "a b.dae": tmp_path / "a b.dae",
        "images/skin.png": tmp_path / "skin.png",
        "gone.png": tmp_path / "gone",
    }
    meshes = {"package://x/a b.dae": files}
    served = replace(config, meshes=meshes, missing_meshes={"none.stl": "there is no file"})
    return create_app(gateway, hub, page_root, served).test_client()


def test_the_model_tells_where_meshes_are_and_why_others_are_not(client):
    model = client.get("/api/model").json
    assert model["meshes"] == {"package://x/a b.dae": "api/meshes/0/a%20b.dae"}
    assert model["missing_meshes"] == {"none.stl": "there is no file"}


def test_a_mesh_and_what_lies_beside_it_are_served(client):
    for path, content in (("a%20b.dae", b"mesh"), ("images/skin.png", b"image")):
        with client.get(f"/api/meshes/0/{path}") as response:
            assert response.data == content


def test_the_browser_keeps_a_mesh_and_asks_whether_it_has_changed(client):
    with client.get("/api/meshes/0/a%20b.dae") as first:
        assert first.headers["Cache-Control"] == "private, no-cache"
    with client.get("/api/meshes/0/a%20b.dae", headers={"If-None-Match": first.headers["ETag"]}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["0/secret", "0/../secret", "0/images/../../secret", "1/a%20b.dae", "0/gone.png", "0/%2e%2e/secret", "-1/a"],
)
def test_no_other_file_is_served(client, path):
    assert client.get(f"/api/meshes/{path}").status_code == 404


@pytest.mark.timeout(10)
def test_a_pipe_in_place_of_a_mesh_keeps_no_thread(client, tmp_path):
    (tmp_path / "skin.png").unlink()
    os.mkfifo(tmp_path / "skin.png")
    assert client.get("/api/meshes/0/images/skin.png").status_code == 404


def test_meshes_need_the_access_key(gateway, hub, page_root, config, tmp_path):
    (tmp_path / "a.stl").write_bytes(b"mesh")
    served = replace(config, access_key="abcd", meshes={"a.stl": {"a.stl": tmp_path / "a.stl"}})
    client = create_app(gateway, hub, page_root, served).test_client()
    assert client.get("/api/meshes/0/a.stl").status_code == 401
