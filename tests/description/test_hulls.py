from __future__ import annotations

import numpy as np
import pytest

from armature.description.hulls import CLOSE, hull_of, write_stl

from .solids import CORNERS

RANDOM = np.random.default_rng(1)


def ball(count, radius):
    points = RANDOM.normal(size=(count, 3))
    return radius * points / np.linalg.norm(points, axis=1)[:, None]


def corners_of(triangles):
    return np.unique(triangles.reshape(-1, 3).round(6), axis=0)


def test_the_hull_of_a_box_with_points_inside_is_its_eight_corners():
    inside = RANDOM.uniform(-0.9, 0.9, (500, 3))
    triangles, loss = hull_of(np.concatenate([inside, CORNERS]))
    assert corners_of(triangles) == pytest.approx(CORNERS, abs=1e-5)
    assert (len(triangles), loss) == (12, 0.0)


def test_a_round_part_is_as_fine_as_a_millimetre_needs():
    triangles, loss = hull_of(ball(4000, 0.02))
    assert 0.0 < loss <= CLOSE
    assert 16 <= len(corners_of(triangles)) <= 128


def test_a_large_round_part_has_128_corners_and_tells_what_it_lacks():
    points = ball(4000, 0.5)
    triangles, loss = hull_of(points)
    assert len(corners_of(triangles)) <= 128
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    beyond = (points @ normals.T - (normals * triangles[:, 0]).sum(axis=1)).max()
    assert loss >= 0.9 * beyond > CLOSE
    assert loss < 0.05


@pytest.mark.parametrize("count", [1, 2, 3, 4, 60])
def test_flat_thin_and_tiny_parts_get_a_thickness(count):
    points = RANDOM.uniform(-0.1, 0.1, (count, 3)) * (1.0, 1.0, 0.0)
    triangles, loss = hull_of(points)
    extent = np.ptp(triangles.reshape(-1, 3), axis=0)
    assert extent.min() >= 0.9e-3
    assert extent[:2] == pytest.approx(np.maximum(np.ptp(points[:, :2], axis=0), 1e-3), abs=2e-3)
    assert loss <= CLOSE


def test_the_points_of_a_scan_with_many_faces_are_read_as_well():
    triangles, _ = hull_of(RANDOM.uniform(-0.1, 0.1, (300_000, 3)))
    assert np.ptp(triangles.reshape(-1, 3), axis=0) == pytest.approx([0.2, 0.2, 0.2], abs=3e-3)


def test_a_round_sheet_whose_sides_are_slivers_comes_to_an_end():
    angle = RANDOM.uniform(0.0, 2.0 * np.pi, 4000)
    height = RANDOM.uniform(-1e-4, 1e-4, 4000)
    _, loss = hull_of(0.6 * np.column_stack([np.cos(angle), np.sin(angle), height]))
    assert loss < 0.01


def test_an_stl_holds_its_title_and_triangles():
    stl = write_stl(np.zeros((2, 3, 3)), "title")
    assert stl[:5] == b"title"
    assert (len(stl), stl[80:84]) == (184, b"\2\0\0\0")


def test_a_fine_round_part_is_as_one_of_few_points_and_tells_no_less_than_it_lacks():
    points = ball(6000, 0.1)
    triangles, loss = hull_of(points)
    corners = corners_of(triangles)
    assert 16 <= len(corners) <= 128
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    beyond = (points @ normals.T - (normals * triangles[:, 0]).sum(axis=1)).max()
    assert beyond - 1e-6 <= loss <= 1.2 * beyond
