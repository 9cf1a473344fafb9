from __future__ import annotations

from dataclasses import replace

import pytest

from armature.monitor.app import create_app

KEY = "abcde-fghjk-mnpqr-stuvw"


@pytest.fixture
def locked(gateway, hub, page_root, config):
    return create_app(gateway, hub, page_root, replace(config, access_key=KEY)).test_client()


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/nothing"])
def test_every_answer_carries_the_headers(client, path):
    with client.get(path) as response:
        headers = response.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
def test_a_foreign_host_name_is_refused(client, gateway, host):
    assert client.get("/api/state", headers={"Host": host}).status_code == 400
    assert client.post("/api/protective_stop", json={}, headers={"Host": host}).status_code == 400
    assert gateway.calls == []


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "192.168.1.20", "[::1]:8080"])
def test_addresses_and_known_names_are_accepted(client, host):
    assert client.get("/api/state", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_command_of_another_origin_is_refused(client, gateway, headers):
    assert client.post("/api/enable", json={}, headers=headers).status_code == 403
    assert client.post("/api/protective_stop", json={}, headers=headers).status_code == 403
    assert gateway.calls == []


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_command_of_the_page_itself_is_accepted(client, headers):
    assert client.post("/api/enable", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_a_command_that_a_form_could_send_is_refused(client, gateway, kind):
    assert client.post("/api/enable", data="{}", content_type=kind).status_code == 415
    assert gateway.calls == []


@pytest.mark.parametrize("path", ["state", "model", "stream"])
def test_nothing_is_read_without_the_access_key(locked, path):
    response = locked.get(f"/api/{path}")
    assert response.status_code == 401
    assert "access key" in response.json["message"]


@pytest.mark.parametrize(
    "path", ["enable", "disable", "release", "jog", "pose", "gripper", "record", "clear_faults"]
)
def test_nothing_is_commanded_without_the_access_key(locked, gateway, path):
    assert locked.post(f"/api/{path}", json={}).status_code == 401
    assert gateway.calls == []


def test_stop_answers_without_the_access_key(locked, gateway):
    assert locked.post("/api/protective_stop", json={}).status_code == 200
    assert gateway.calls == [("protective_stop", True)]


def test_the_access_key_lets_in_with_a_strict_cookie(locked, gateway):
    response = locked.post("/api/login", json={"key": KEY})
    assert "HttpOnly" in response.headers["Set-Cookie"]
    assert "SameSite=Strict" in response.headers["Set-Cookie"]
    assert KEY not in response.headers["Set-Cookie"]
    assert locked.post("/api/enable", json={}).status_code == 200
    assert locked.get("/api/state").status_code == 200


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", KEY.upper(), "ünïcode", "\ud800"])
def test_a_wrong_access_key_is_refused(locked, key):
    response = locked.post("/api/login", json={"key": key})
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers
    assert KEY not in response.text


@pytest.mark.parametrize("key", [None, 5, "x" * 201])
def test_an_access_key_that_is_no_short_text_is_refused(locked, key):
    assert locked.post("/api/login", json={"key": key}).status_code == 422


def test_a_login_outlives_the_monitor_and_ends_with_its_key(locked, gateway, hub, page_root, config):
    locked.post("/api/login", json={"key": KEY})
    cookie = locked.get_cookie("armature_session").value
    for key, status in ((KEY, 200), (KEY[:-1] + "x", 401)):
        again = create_app(gateway, hub, page_root, replace(config, access_key=key)).test_client()
        again.set_cookie("armature_session", cookie)
        assert again.get("/api/state").status_code == status


@pytest.mark.parametrize("cookie", ["", "from-yesterday", KEY, "ünïcode"])
def test_a_cookie_that_is_not_the_sessions_is_refused(locked, cookie):
    locked.set_cookie("armature_session", cookie)
    assert locked.get("/api/state").status_code == 401


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {KEY}", 200),
        (f"Bearer {KEY}x", 401),
        ("Bearer ", 401),
        ("Basic YTpi", 401),
        ("", 401),
        ("Bearer \xfc", 401),
    ],
)
def test_a_program_gives_the_key_itself(locked, given, status):
    assert locked.get("/api/state", headers={"Authorization": given}).status_code == status


def test_the_page_itself_is_open_so_that_it_can_ask_for_the_key(locked):
    with locked.get("/") as response:
        assert response.status_code == 200


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "assets/../../app.py", "%2e%2e/app.py"])
def test_no_file_outside_the_page_is_served(client, path):
    assert client.get(f"/{path}").status_code == 404


def test_a_page_that_was_not_built_says_how(gateway, hub, tmp_path, config):
    response = create_app(gateway, hub, tmp_path / "dist", config).test_client().get("/")
    assert response.status_code == 503
    assert "make web" in response.json["message"]
