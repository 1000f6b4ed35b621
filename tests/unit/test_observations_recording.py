"""What of a value is recorded: every kind of value a test may hold, and what may be read of it."""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
import sqlite3
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from unittest import mock

import httpx
import pydantic
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from runners.probe import shadow_harness_observe as probe

KEY = b"k" * 32


def line(value: Any, *, words: frozenset[str] = frozenset(), key: bytes | None = KEY, **options: Any) -> dict[str, Any]:
    observed = probe.Observed(key, words)
    observed("order", value, **options)
    (text,) = observed.lines
    read: dict[str, Any] = json.loads(text)
    return read


def shape(value: Any, **options: Any) -> Any:
    found = line(value, **options)
    assert found["cut"] is None
    return found["tree"]


def exact(value: Any, **options: Any) -> Any:
    found = line(value, compare="exact", **options)
    assert found["cut"] is None
    return found["tree"]


@dataclasses.dataclass
class Customer:
    customer_id: int
    nickname: str
    since: date = date(2021, 1, 2)


class Point(NamedTuple):
    xerox: int
    yankee: int


class Model(pydantic.BaseModel, extra="allow"):
    customer_id: int
    nickname: str


class Secret(pydantic.BaseModel):
    token: pydantic.SecretStr


class Plain:
    def __init__(self) -> None:
        self.nickname = "x y"
        self._hidden = 3


class Slotted:
    __slots__ = ("nickname",)

    def __init__(self) -> None:
        self.nickname = "x y"


class State(enum.Enum):
    OPEN = "open"


class Base(DeclarativeBase):
    pass


class Rental(Base):
    __tablename__ = "rental"
    rental_id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (Customer(1, "x"), {"customer_id", "nickname", "since"}),
        (Point(1, 2), {"xerox", "yankee"}),
        (Model(customer_id=1, nickname="x"), {"customer_id", "nickname"}),
        (Plain(), {"nickname", "_hidden"}),
        (Slotted(), {"nickname"}),
        (Rental(rental_id=1, nickname="x"), {"rental_id", "nickname"}),
    ],
)
def test_objects_are_records_of_their_fields(value: Any, names: set[str]) -> None:
    tree = shape(value)
    assert tree["types"] == ["object"]
    assert tree["keys"].keys() == names
    assert exact(value).keys() == names


def test_what_a_model_holds_beside_its_fields_is_named_like_data() -> None:
    extra = shape(Model(customer_id=1, nickname="x", Mary=1))["keys"]["extra"]["keys"]
    assert [name[0] for name in extra] == ["#"]


def test_rows_of_databases_are_records() -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    (row,) = connection.execute("select 1 as customer_id, 'x y' as nickname, 3 as nickname, 'Mary Smith'").fetchall()
    connection.close()
    names = shape([row])["items"]["keys"]
    assert {"customer_id", "nickname", "nickname_2"} <= names.keys()
    assert "Mary" not in json.dumps(names)
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Rental(rental_id=1, nickname="x"))
        session.commit()
        rows = session.execute(sa.select(Rental.rental_id, Rental.nickname)).all()
        assert shape(rows)["items"]["keys"].keys() == {"rental_id", "nickname"}
        assert shape(session.execute(sa.select(Rental.rental_id)).mappings().all())["items"]["keys"].keys() == {"rental_id"}
        assert shape(session.scalars(sa.select(Rental)).all())["items"]["keys"].keys() == {"rental_id", "nickname"}
    engine.dispose()


def test_responses_are_status_media_type_and_body() -> None:
    tree = shape(httpx.Response(404, json={"detail": "x y"}))
    assert tree["keys"]["status"]["types"] == ["status 404"]
    assert tree["keys"]["media"]["types"] == ["media application/json"]
    assert tree["keys"]["body"]["keys"].keys() == {"detail"}
    assert exact(httpx.Response(200, text="<p>x"))["body"].startswith("str:")
    assert shape(httpx.Response(204))["keys"]["body"]["types"] == ["null"]
    assert shape(httpx.Response(200, content=b"{", headers={"content-type": "application/json"}))["keys"]["body"]["types"] == ["broken json"]
    assert line(httpx.Response(200, stream=httpx.ByteStream(b"x")))["cut"] == "unreadable"  # not yet read


class Frame:
    """What a frame of pandas answers to."""

    class index:  # noqa: N801 as there
        names = (None,)

    columns = ("customer_id", "nickname")

    def __len__(self) -> int:
        return 2

    def itertuples(self, *, index: bool, name: None) -> Any:
        return iter([(1, "x"), (2, float("nan"))])


class Table:
    """What a table of Arrow answers to."""

    num_rows = 2

    def to_batches(self, max_chunksize: int) -> Any:
        return [self]

    def to_pylist(self) -> list[dict[str, Any]]:
        return [{"customer_id": 1, "name": "x"}, {"customer_id": 2, "name": None}]


@pytest.mark.parametrize(("value", "name"), [(Frame(), "nickname"), (Table(), "name")])
def test_frames_are_lists_of_rows(value: Any, name: str) -> None:
    tree = shape(value, words=frozenset({"nickname"}))
    assert tree["size"] == ["2-9", "2-9"]
    assert tree["items"]["keys"][name]["types"] == ["null", "str"]
    assert [row[name] == "null" for row in exact(value, words=frozenset({"nickname"}))] == [False, True]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (State.OPEN, "str"),
        (Decimal("1.50"), "decimal"),
        (datetime(2021, 1, 2), "datetime"),  # noqa: DTZ001 this is about naive ones
        (datetime(2021, 1, 2, tzinfo=UTC), "datetime with zone"),
        (uuid.UUID(int=1), "uuid"),
        (b"x", "bytes"),
        (float("nan"), "nan"),
        (collections.OrderedDict(a=1), "object"),
        (collections.deque([1]), "list"),
        ({1}.union(), "set"),
        ({"a": 1}.keys(), "set"),
        ({"a": 1}.values(), "list"),
        (range(3), "list"),
        pytest.param(10**5000, "int", id="huge"),
    ],
)
def test_types_are_told_apart(value: Any, kind: str) -> None:
    assert shape(value)["types"] == [kind]
    exact(value)


def test_equal_values_have_equal_fingerprints() -> None:
    assert (
        exact([Decimal("1.50"), Decimal("1.5"), Decimal("1E+2"), Decimal(100)])[0::2] == exact([Decimal("1.5"), Decimal("1.50"), Decimal(100)])[0::2]
    )
    assert exact(Decimal("1.50")) == exact(Decimal("1.500"))
    assert exact(0.0) == exact(-0.0)
    assert exact(State.OPEN) == exact("open")
    assert exact(Secret(token=pydantic.SecretStr("x"))) != exact(Secret(token=pydantic.SecretStr("y")))
    assert exact(datetime(2021, 1, 2, 12, tzinfo=UTC)) == exact(datetime.fromisoformat("2021-01-02T13:00:00+01:00"))
    assert exact("1") != exact(1)


@pytest.mark.parametrize("value", [object(), iter([1]), (n for n in [1]), len, mock.Mock(), ValueError("x"), [1, {"a": iter([])}], open])
def test_what_cannot_be_looked_into_is_never_taken_for_equal(value: Any) -> None:
    for options in ({}, {"compare": "exact"}):
        assert line(value, **options)["cut"] == "unreadable"


def test_a_value_that_raises_fails_no_test() -> None:
    class Raising(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("database is gone")

    class Breaking(list[int]):
        def __iter__(self) -> Any:
            yield 1
            raise RuntimeError("database is gone")

    for value in (Raising(a=1), {"a": Breaking([1, 2])}):
        for options in ({}, {"compare": "exact"}):
            assert line(value, **options)["cut"] == "unreadable"


def test_a_cycle_is_named_and_whole() -> None:
    value: dict[str, Any] = {"name": "x", "rows": []}
    value["rows"].append({"parent": value})
    assert exact(value)["rows"][0]["parent"] == "cycle of 3"
    assert shape(value)["keys"]["rows"]["items"]["keys"]["parent"]["types"] == ["cycle of 3"]


def test_keys_are_read_only_where_they_are_names() -> None:
    value = {"rentalId": 1, "first_name": 2, "Mary": 3, "jsmith": 4}
    assert {name for name in shape(value)["keys"] if name[0] != "#"} == {"rentalId", "first_name"}
    assert "jsmith" in shape(value, words=frozenset({"jsmith"}))["keys"]  # a word of the test's own file
    assert {name for name in shape(value, key=None)["keys"] if name[0] == "#"} == {"#"}


def test_mappings_by_data_have_no_key_names() -> None:
    value = {"2021-01-02": 1, "2021-01-03": 2}
    assert shape(value) == {"types": ["object"], "map": {"types": ["int"]}, "map_keys": ["date"], "map_size": ["2-9", "2-9"]}
    assert "map" in shape({uuid.UUID(int=n): n for n in range(3)})
    assert "map" in shape({f"user{n}x": n for n in range(300)})
    assert "map" in shape([{f"{n}@example.com": 1} for n in range(3)])["items"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2021-03-04", "date"),
        ("2021-13-04", "text"),
        ("2021-03-04 10:11", "datetime"),
        ("2021-03-04T10:11:12.123+01:00", "datetime with zone"),
        ("10:11:12", "time"),
        ("04.03.2021", "date (day first, dots)"),
        ("12/31/2021", "date (slashes)"),
        ("mary@example.com", "email"),
        ("https://example.com/a?b", "url"),
        ("7f9c24e5-2d7b-4f6a-9c55-8f2f3f1f0a11", "uuid"),
        ("192.168.0.1", "ip"),
        ("2001:db8::1", "ip"),
        ("+49 171 2345678", "phone"),
        ("030/1234567", "phone"),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("DE89370400440532013000", "iban"),
        ("507f1f77bcf86cd799439011", "hex"),
        ("4711", "integer"),
        ("-3.50", "decimal"),
        ("1.234,50", "decimal"),
        ("", "empty"),
        (" \t", "blank"),
        ("Beech Road", "text"),
        ("PG-13", "text"),
        ("x" * 10_000, "text"),
    ],
)
def test_formats_are_recognised(text: str, name: str) -> None:
    assert shape(text)["formats"] == [name]


@pytest.mark.parametrize("name", ["id", "customer_id", "customerId", "account_no", "houseNumber", "orderids", "lat", "phone"])
def test_numbers_of_identifiers_never_travel(name: str) -> None:
    assert exact({name: 17}, tolerance=1, words=frozenset({name}))[name].startswith("int:")
    assert exact({name: [17.5]}, tolerance=1, words=frozenset({name}))[name][0].startswith("float:")


def test_numbers_travel_only_where_a_tolerance_asks_for_them() -> None:
    value = {"amount": 17.25, "paid": 3, "total": Decimal("4.5"), "flag": True, "large": 12345, "rate": 12345.5, "huge": 10**400}
    words = frozenset({"large", "huge"})
    tree = exact(value, tolerance=0.1, words=words)
    assert (tree["amount"], tree["paid"], tree["total"], tree["rate"]) == (17.25, 3.0, 4.5, 12345.5)
    assert tree["large"].startswith("number?:")
    assert tree["huge"].startswith("number?:")
    assert tree["flag"].startswith("bool:")
    assert "17.25" not in json.dumps(exact(value, words=words))
    assert exact(17, tolerance=1) == 17
    observed = probe.Observed(KEY, frozenset())
    observed("customer_id", 17, compare="exact", tolerance=1)
    assert '"tree":"int:' in observed.lines[0]


@pytest.mark.parametrize(
    "options",
    [
        {"compare": "other"},
        {"tolerance": 0.1},
        {"key": "id"},
        {"unordered": True},
        {"compare": "exact", "tolerance": 0},
        {"compare": "exact", "tolerance": True},
        {"compare": "exact", "tolerance": float("nan")},
        {"compare": "exact", "key": [1]},
        {"ignore": "updated_at"},
        {"ignore": ["$.rows[0]"]},
        {"ignore": [3]},
    ],
)
def test_arguments_that_make_no_sense_are_errors_with_the_harness_and_without(options: dict[str, Any]) -> None:
    for observe in (probe.Observed(KEY, frozenset()), probe.unobserved):
        with pytest.raises((TypeError, ValueError), match="observe: "):
            observe("order", 1, **options)


@pytest.mark.parametrize("name", ["", " ", 3, None])
def test_an_observation_has_a_name(name: Any) -> None:
    with pytest.raises(TypeError, match="observe: "):
        probe.unobserved(name, 1)


def test_observations_of_one_name_are_numbered() -> None:
    observed = probe.Observed(KEY, frozenset())
    for name in ("order", "customer", "order"):
        observed(name, 1)
    assert [(read["name"], read["n"]) for read in map(json.loads, observed.lines)] == [("order", 1), ("customer", 1), ("order", 2)]
