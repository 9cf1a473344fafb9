"""The table of rooms in ARCHITECTURE.md is that of tests/test_imports.py."""

from __future__ import annotations

from reference_tables import rooms


def test_the_table_of_rooms_says_what_each_may_import() -> None:
    standing = rooms.written(rooms.ARCHITECTURE.read_text("utf-8")).splitlines()
    wanted = rooms.table().splitlines()
    assert standing == wanted, "`python docs/reference_tables/rooms.py` writes it anew"


def test_a_room_that_may_import_something_else_is_found() -> None:
    text = f"before\n\n{rooms.table().replace('`errors`, numpy; pure', '`errors`; pure')}\nafter\n"
    assert rooms.written(text) != rooms.table()
    assert rooms.written(f"before\n\n{rooms.table()}\nafter\n") == rooms.table()
