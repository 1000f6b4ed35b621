"""Records that stand for several that a test names: each for one alone, and together as those are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from harness.model.canonical import canonical
from runners.identity.twins import Asked, Records, alternatives

if TYPE_CHECKING:
    from harness.model.coupling import Value

_DECLARED = "references {} ({})"


def database(first: int, *, declared: bool = True) -> Iterator[Records]:
    """Ten customers with two orders each, payments between neighbours."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    customer, order = (_DECLARED.format(*one) if declared else "" for one in (("customers", "customer_id"), ("orders", "order_id")))
    with engine.connect() as connection:
        for statement in (
            "create table customers (customer_id integer primary key, email text unique, country text)",
            f"create table orders (order_id integer primary key, customer_id integer not null {customer})",
            f"create table payments (payment_id integer primary key, order_id integer {order}, payer_id int {customer}, payee_id int {customer})",
        ):
            connection.exec_driver_sql(statement)
        for one in range(first, first + 10):
            connection.exec_driver_sql("insert into customers values (?, ?, ?)", (one, f"c{one}@example.test", "SE" if one % 2 else "DE"))
            for number in (0, 1):
                connection.exec_driver_sql("insert into orders values (?, ?)", (one * 10 + number, one))
            connection.exec_driver_sql("insert into payments values (?, ?, ?, ?)", (one * 7, one * 10, one, first + (one - first + 1) % 10))
        yield Records(connection)
    engine.dispose()


@pytest.fixture(params=[True, False], ids=["declared", "by name"])
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Records, Records]]:
    legacy, shadow = database(500, declared=request.param), database(9_000, declared=request.param)
    yield next(legacy), next(shadow)
    for one in (legacy, shadow):
        next(one, None)


def asked(*values: tuple[str, Value], beside: frozenset[str] = frozenset()) -> list[Asked]:
    return [Asked(entity=entity, value=value, beside=beside) for entity, value in values]


def test_different_records_of_one_column_get_different_ones_and_none_that_the_test_names(sides: tuple[Records, Records]) -> None:
    legacy, shadow = sides
    wanted = asked(*(("customers.customer_id", one) for one in (503, 504, 505)), beside=frozenset({canonical(506) or ""}))
    for other in (legacy, shadow):
        found = alternatives(wanted, legacy, other, most=2)
        assert len(found) == 2
        for values in found:
            assert len(set(values)) == 3
            assert not {503, 504, 505, 506} & set(values)


def test_orders_of_two_customers_stay_theirs(sides: tuple[Records, Records]) -> None:
    legacy, shadow = sides
    wanted = asked(("orders.order_id", 5_030), ("orders.order_id", 5_070), ("customers.customer_id", 503), ("customers.email", "c507@example.test"))
    for other in (legacy, shadow):
        for one, two, customer, email in alternatives(wanted, legacy, other, most=2):
            assert isinstance(one, int)
            assert isinstance(two, int)
            assert (one // 10, f"c{two // 10}@example.test") == (customer, email)
            assert one // 10 != two // 10


def test_two_orders_of_one_customer_stay_with_one(sides: tuple[Records, Records]) -> None:
    legacy, shadow = sides
    wanted = asked(("orders.order_id", 5_030), ("orders.order_id", 5_031), ("customers.customer_id", 503))
    for other in (legacy, shadow):
        found = alternatives(wanted, legacy, other, most=2)
        assert found
        for one, two, customer in found:
            assert isinstance(one, int)
            assert isinstance(two, int)
            assert one != two
            assert one // 10 == two // 10 == customer


def test_a_payment_leads_from_the_one_to_the_other() -> None:
    legacy, shadow = database(500), database(9_000)
    one, other = next(legacy), next(shadow)
    wanted = asked(("customers.customer_id", 504), ("payments.payment_id", 503 * 7), ("customers.customer_id", 503))
    ((payee, payment, payer),) = alternatives(wanted, one, other, most=1)
    assert payment == int(str(payer)) * 7
    assert payee == 9_000 + (int(str(payer)) - 9_000 + 1) % 10
    for side in (legacy, shadow):
        next(side, None)


def test_where_one_record_has_no_other_nothing_is_exchanged_on_legacy(sides: tuple[Records, Records]) -> None:
    legacy, _ = sides
    wanted = asked(*(("customers.customer_id", one) for one in range(500, 510)))
    assert alternatives(wanted, legacy, legacy, most=2) == []
