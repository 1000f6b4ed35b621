"""Which literals a Python test reaches, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from harness.errors import InputError
from harness.model.coupling import LiteralForm, LiteralSource, Reached
from runners.literals.python_source import scan_python
from runners.literals.suite import SuiteLiterals, scan_suite

Suite = Callable[..., SuiteLiterals]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    def write(**files: str) -> SuiteLiterals:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ("" if "." in name else ".py"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return scan_suite(tmp_path)

    return write


def places(reached: tuple[Reached, ...], value: object) -> list[tuple[str, int, int]]:
    return [(one.literal.path, one.literal.line, one.literal.column) for one in reached if one.literal.value == value]


def how(reached: tuple[Reached, ...], value: object) -> set[LiteralSource]:
    return {one.source for one in reached if one.literal.value == value}


def values(reached: tuple[Reached, ...]) -> set[object]:
    return {one.literal.value for one in reached}


def test_a_literal_in_the_body_is_placed(suite: Suite) -> None:
    found = suite(suite__test_a="def test_x(conn):\n    assert lookup(conn, 1417)\n").literals_of("suite/test_a.py::test_x")
    assert places(found, 1417) == [("suite/test_a.py", 2, 25)]
    assert [(one.source, one.distance, one.literal.name) for one in found] == [(LiteralSource.BODY, 0, "lookup")]


def test_other_tests_are_not_reached(suite: Suite) -> None:
    scanned = suite(suite__test_a="def test_x():\n    f(1417)\ndef test_y():\n    f(1999)\n")
    assert values(scanned.literals_of("suite/test_a.py::test_x")) == {1417}
    assert scanned.literals_of("suite/test_a.py::test_z") == ()
    assert scanned.literals_of("suite/nowhere.py::test_z") == ()


def test_constants_helpers_and_imports_are_followed(suite: Suite) -> None:
    scanned = suite(
        suite__ids="VIP = 1417\nREGULAR = 1999\n",
        suite__look="from .ids import VIP as star\nimport suite.ids as ids\ndef vip(): return get(star)\ndef regular(): return get(ids.REGULAR)\n",
        suite__test_a="from suite import look\nfrom .look import regular\ndef test_x(): assert look.vip()\ndef test_y(): assert regular()\n",
    )
    found = scanned.literals_of("suite/test_a.py::test_x")
    assert places(found, 1417) == [("suite/ids.py", 1, 7)]
    assert how(found, 1417) == {LiteralSource.CONSTANT}
    assert next(one.distance for one in found if one.literal.value == 1417) == 2
    assert values(scanned.literals_of("suite/test_a.py::test_y")) == {1999}


def test_star_imports_and_branches_are_followed(suite: Suite) -> None:
    scanned = suite(
        suite__ids="try:\n    import x\n    VIP = 1417\nexcept ImportError:\n    VIP = 1999\n",
        suite__test_a="from .ids import *\ndef test_x(): get(VIP)\n",
    )
    assert values(scanned.literals_of("suite/test_a.py::test_x")) == {1417, 1999}


def test_fixtures_and_their_closure_are_followed(suite: Suite) -> None:
    scanned = suite(
        conftest="import pytest\n@pytest.fixture\ndef outer(): return 1001\n@pytest.fixture\ndef unused(): return 1002\n",
        suite__conftest="""
            import pytest
            from pytest import fixture
            @fixture
            def inner(outer): return 2001
            @pytest.fixture(name="renamed")
            def _made(): return 2002
            @pytest.fixture(autouse=True)
            def always(): return 2003
            @fixture
            def outer(outer): return 2004
        """,
        suite__test_a="""
            import pytest
            def test_x(inner): pass
            @pytest.mark.usefixtures("renamed")
            def test_y(): pass
            def test_z(request): request.getfixturevalue("inner")
        """,
    )
    found = scanned.literals_of("suite/test_a.py::test_x")
    assert {2001, 2003, 2004, 1001} <= values(found)
    assert not {1002, 2002} & values(found)
    assert how(found, 2001) == {LiteralSource.FIXTURE}
    assert {2002, 2003} <= values(scanned.literals_of("suite/test_a.py::test_y"))
    assert {2001} <= values(scanned.literals_of("suite/test_a.py::test_z"))


def test_hooks_that_make_cases_belong_to_tests_with_these_arguments(suite: Suite) -> None:
    scanned = suite(
        conftest="""
            def pytest_generate_tests(metafunc):
                if "loan" in metafunc.fixturenames:
                    metafunc.parametrize("loan", [3001, 3002])
        """,
        suite__test_a="def test_x(loan): pass\ndef test_y(): pass\n",
    )
    assert {3001, 3002} <= values(scanned.literals_of("suite/test_a.py::test_x[3001]"))
    assert not {3001, 3002} & values(scanned.literals_of("suite/test_a.py::test_y"))


def test_segments_of_a_path_are_pieces(suite: Suite) -> None:
    found = suite(suite__test_a='def test_x():\n    get("/stays/K97-X5/notes")\n').literals_of("suite/test_a.py::test_x")
    assert places(found, "K97-X5") == [("suite/test_a.py", 2, 17)]


def test_fixtures_of_plugins_and_imported_ones_are_found(suite: Suite) -> None:
    scanned = suite(
        suite__conftest="from .shop import shopper\npytest_plugins = ['suite.plugin']\n",
        suite__shop="import pytest\n@pytest.fixture\ndef shopper(): return 3001\n",
        suite__plugin="import pytest\n@pytest.fixture\ndef guest(): return 3002\n",
        suite__test_a="def test_x(shopper, guest): pass\n",
    )
    assert {3001, 3002} <= values(scanned.literals_of("suite/test_a.py::test_x"))


def test_classes_of_unittest_are_understood(suite: Suite) -> None:
    scanned = suite(
        suite__base="""
            import unittest
            class Base(unittest.TestCase):
                account = 4001
                def setUp(self): self.owner = find(4002)
                def look(self): return get(self.account)
                def other(self): return 4999
                def test_inherited(self): self.look()
        """,
        suite__test_a="""
            from .base import Base
            class AccountTest(Base):
                account = 4003
                def test_x(self):
                    self.look()
                    self.assertEqual(self.owner, 4004)
        """,
    )
    assert values(scanned.literals_of("suite/test_a.py::AccountTest::test_x")) == {4002, 4004, 4003}
    assert {4002, 4003} <= values(scanned.literals_of("suite/test_a.py::AccountTest::test_inherited"))
    assert values(scanned.literals_of("suite/test_a.py::AccountTest::test_x [account=4003]")) == {4002, 4003, 4004}


def test_of_a_class_only_what_is_used_is_reached(suite: Suite) -> None:
    scanned = suite(
        suite__pages="""
            from dataclasses import dataclass, field
            @dataclass
            class Wanted:
                ident: int = 5001
                tags: list = field(default_factory=lambda: ["tag-5002"])
            class Page:
                def __init__(self): self.at = 5003
                def open(self): return 5004
                def close(self): return 5005
        """,
        suite__test_a="from . import pages\ndef test_x(): pages.Page().open(pages.Wanted())\n",
    )
    found = values(scanned.literals_of("suite/test_a.py::test_x"))
    assert {5001, "tag-5002", 5003, 5004} <= found
    assert 5005 not in found


def test_defaults_and_variables_of_the_environment_are_literals(suite: Suite) -> None:
    text = "import os\ndef who(ident=6001): return ident\ndef test_x():\n    assert who() and int(os.environ.get('SMOKE', '6002')) and -6003\n"
    found = suite(suite__test_a=text).literals_of("suite/test_a.py::test_x")
    assert {6001, "6002", -6003} <= values(found)
    assert 6003 not in values(found)
    assert next(one.literal.name for one in found if one.literal.value == "6002") == "SMOKE"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("base = 7000\n    get(base + 12)", 7012),
        ("base = 7000\n    [get(base + step) for step in (1, 2, 3)]", 7003),
        ("for step in range(5, 7):\n        get(7000 + step)", 7006),
        ("get(BASE * 10 + 3)", 7003),
        ("get(f'/customers/{BASE + 1}/orders')", "701"),
        ("get('/customers/' + '70' + '11')", "7011"),
        ("get('-'.join(['7f3a91c2', 'ab01', '4c2d', '8e3f', '0123456789ab']))", "7f3a91c2-ab01-4c2d-8e3f-0123456789ab"),
        ("get(PREFIX + str(BASE))", "cus_700"),
        ("[get(one) for one in 'ANTON LILAS'.split()]", "LILAS"),
        ("get(IDS['vip'] + 1)", 7101),
        ("get(IDS[name] + 1)", None),
        ("get('%s-7999' % unknown())", None),
    ],
)
def test_expressions_are_worked_out(suite: Suite, text: str, value: object) -> None:
    head = "BASE = 700\nPREFIX = 'cus_'\nIDS = {'vip': 7100}\n"
    found = suite(suite__test_a=f"{head}def test_x():\n    {text}\n").literals_of("suite/test_a.py::test_x")
    computed = {one.literal.value for one in found if one.literal.form is LiteralForm.COMPUTED}
    assert (value in computed) if value is not None else not {7101, "7999"} & computed


def test_what_a_constant_says_already_is_not_said_again(suite: Suite) -> None:
    found = suite(suite__test_a="WHO = 7171\ndef test_x():\n    get(f'/customers/{WHO}')\n").literals_of("suite/test_a.py::test_x")
    assert places(found, 7171) == [("suite/test_a.py", 1, 7)]
    assert places(found, "7171") == []


def test_what_a_constant_was_put_together_to_is_said_where_that_was_done(suite: Suite) -> None:
    text = 'class Order:\n    REFUNDED = "ord_" + "rwp0qOkrjPyKwA55"\n\ndef test_x(client):\n    client.post(f"/orders/{Order.REFUNDED}/refund")\n'
    found = places(suite(suite__test_a=text).literals_of("suite/test_a.py::test_x"), "ord_rwp0qOkrjPyKwA55")
    assert [place[:2] for place in found] == [("suite/test_a.py", 2)]


def test_drawn_identifiers_without_a_digit_are_pieces_of_a_path(suite: Suite) -> None:
    found = suite(suite__test_a='def test_x(client):\n    client.get("/orders/ord_wfSbCKDWwIfVbthJ/refund")\n').literals_of("suite/test_a.py::test_x")
    assert "ord_wfSbCKDWwIfVbthJ" in values(found)


def test_pieces_of_texts_have_places_of_their_own(suite: Suite) -> None:
    text = '''
        def test_x(conn):
            conn.execute("""
                SELECT * FROM customer
                WHERE customer_id = 8001 AND email = 'ada@real.test'
            """)
            handle("GET", "/invoices/8002?owner=8003")
    '''
    found = suite(suite__test_a=text).literals_of("suite/test_a.py::test_x")
    assert places(found, "8001") == [("suite/test_a.py", 5, 29)]
    assert places(found, "ada@real.test") == [("suite/test_a.py", 5, 47)]
    names = {one.literal.value: one.literal.name for one in found}
    assert (names["8001"], names["ada@real.test"], names["8002"], names["8003"]) == ("customer_id", "email", "invoices", "owner")


def test_comments_and_docstrings_belong_to_what_they_describe(suite: Suite) -> None:
    text = '''
        """Of the whole file: module@real.test."""
        # about the constant: above@real.test
        WHO = 1  # beside@real.test

        def test_x():
            """For doc@real.test, who complained."""
            get(WHO)  # as comment@real.test said: "# no comment"

        def test_y():
            "no # comment of text@real.test"
    '''
    found = suite(suite__test_a=text).literals_of("suite/test_a.py::test_x")
    assert how(found, "doc@real.test") == {LiteralSource.DOCSTRING}
    assert how(found, "comment@real.test") == {LiteralSource.COMMENT}
    assert how(found, "above@real.test") == how(found, "beside@real.test") == {LiteralSource.COMMENT}
    assert not {"module@real.test", "text@real.test"} & values(found)
    every = {one.literal.value for one in suite().every()}
    assert {"module@real.test", "text@real.test", "doc@real.test", "above@real.test"} <= every


def test_columns_count_characters(suite: Suite) -> None:
    found = suite(suite__test_a="def test_x():\n    f('Åkesson', 'ø', 9001)\n").literals_of("suite/test_a.py::test_x")
    assert places(found, 9001) == [("suite/test_a.py", 2, 23)]


def test_files_that_are_no_python_are_named(suite: Suite) -> None:
    scanned = suite(suite__test_a="def test_x(: pass\n", suite__test_b="def test_y(): f(17)\n")
    assert scanned.unread == ("suite/test_a.py",)
    assert values(scanned.literals_of("suite/test_b.py::test_y")) == {17}


def test_ids_may_count_from_another_folder(suite: Suite) -> None:
    scanned = suite(suite__test_b="def test_y(): f(17)\n")
    assert values(scanned.literals_of("test_b.py::test_y")) == values(scanned.literals_of("repo/suite/test_b.py::test_y")) == {17}


def test_the_application_beside_the_tests_is_no_part_of_the_suite(suite: Suite) -> None:
    scanned = suite(
        test_a="from shop import price\ndef test_x(): price.gold(3)\n", shop__price="def gold(n): return n > 9999\n", helpers__h="X = 1\n"
    )
    assert values(scanned.literals_of("test_a.py::test_x")) == {3}
    assert scanned.files.python == ("helpers/h.py", "test_a.py")


def test_paths_choose_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def check(): f(12)\n")
    assert scan_suite(tmp_path, ["a.py"]).files.python == ("a.py",)
    with pytest.raises(InputError):
        scan_suite(tmp_path, ["nowhere"])


def test_two_processes_read_the_same_as_one(suite: Suite, tmp_path: Path) -> None:
    one = suite(suite__test_a="def test_x(): f(17)\n", suite__test_b="def test_y(): f('a@real.test')\n", suite__test_c="(")
    two = scan_suite(tmp_path, processes=2)
    assert list(one.every()) == list(two.every())
    assert one.unread == two.unread


@pytest.mark.parametrize("source", [b"", b"\xff\xfe", b"x = 1\x00", b"# only a comment", b"def f(", b"x = " + b"(" * 500 + b")" * 500])
def test_no_source_breaks_the_reader(source: bytes) -> None:
    facts = scan_python(source)
    assert facts is None or isinstance(facts.literals, tuple)


def test_every_file_of_the_standard_library_can_be_read() -> None:
    folder = Path(pytest.__file__).parent / ".." / "_pytest"
    assert [path.name for path in folder.glob("*.py") if scan_python(path.read_bytes()) is None] == []


def test_values_are_not_shown(suite: Suite) -> None:
    found = suite(suite__test_a="def test_x(): f('ada@real.test')\n").literals_of("suite/test_a.py::test_x")
    assert "ada@real.test" not in repr(found)


def test_names_made_of_themselves_come_to_an_end(suite: Suite) -> None:
    text = """
        def test_x():
            text = "a-4711"
            text = text + text
            text = f"{text}{text}{other}"
            other = [f"{text}{one}{text}" for one in (1, 2, 3)]
            for text in other:
                text = text + "-4712"
            get(text)
    """
    assert {"4711", "4712"} <= {str(value).strip("a-") for value in values(suite(suite__test_a=text).literals_of("suite/test_a.py::test_x"))}


def test_what_a_literal_is_compared_with_names_it(suite: Suite) -> None:
    text = "def test_x(s):\n    assert head(s)['emp_no'] == 1417\n    s.assertEqual(s.order.order_id, 1418)\n    s.get(Order, 1419)\n"
    found = suite(suite__test_a=text).literals_of("suite/test_a.py::test_x")
    names = {one.literal.value: one.literal.name for one in found}
    assert (names[1417], names[1418], names[1419]) == ("emp_no", "order_id", "Order")


@pytest.mark.parametrize(
    "text", ["hire(db, 'Ottoline', 'Vantongeren')", "hire(first='Ottoline', last='Vantongeren')", "hire({'a': 'Ottoline', 'b': 'Vantongeren'})"]
)
def test_two_names_beside_each_other_may_be_one_person(suite: Suite, text: str) -> None:
    found = suite(suite__test_a=f"def test_x(db):\n    {text}\n").literals_of("suite/test_a.py::test_x")
    assert [place[:2] for place in places(found, "Ottoline Vantongeren")] == [("suite/test_a.py", 2)]


def test_account_numbers_are_told_by_their_check_digits_in_small_letters_too(suite: Suite) -> None:
    text = "# typed gb29 nwbk 6016 1331 9268 19 paid twice, not gb28 nwbk 6016 1331 9268 19\ndef test_x(): pass\n"
    found = values(tuple(suite(suite__test_a=text).every()))
    assert "gb29 nwbk 6016 1331 9268 19" in found
    assert "gb28 nwbk 6016 1331 9268 19" not in found


def test_numbers_are_written_as_an_f_string_says_and_constants_may_be_unpacked(suite: Suite) -> None:
    text = 'YEAR, SERIAL = 2022, 126\ndef test_x():\n    find(f"HD-{YEAR}-{SERIAL:05d}")\n'
    found = suite(suite__ids=text, suite__test_a="from .ids import test_x\n").literals_of("suite/ids.py::test_x")
    assert places(found, "HD-2022-00126") == [("suite/ids.py", 3, 10)]
    assert {one.literal.name for one in found if one.literal.value == 126} == {"SERIAL"}


@pytest.mark.parametrize(("status", "named"), [(200, "customers"), (405, None), (404, None)])
def test_the_path_of_a_request_that_is_refused_says_nothing_of_its_record(suite: Suite, status: int, named: str | None) -> None:
    scanned = suite(suite__test_a=f'def test_x(web):\n    answer = web.put("/customers/1417")\n    assert answer.status_code == {status}\n')
    for found in (scanned.literals_of("suite/test_a.py::test_x"), tuple(scanned.every())):
        assert {one.literal.name for one in found if one.literal.value == "1417"} == {named}


def test_settings_in_files_of_lines_are_values(suite: Suite) -> None:
    text = "CONFIG = ConfigParser()\nCONFIG.read('night.ini')\ndef test_x(): assert CONFIG.getint('night', 'employee')\n"
    files = {"suite/night.ini": "; asked by ada@real.test\n[night]\nemployee = 1417\nport: 1418\n"}
    found = suite(suite__test_a=text, **files).literals_of("suite/test_a.py::test_x")
    assert places(found, "1417") == [("suite/night.ini", 3, 12)]
    assert {one.literal.name for one in found if one.literal.value == "1418"} == {"port"}


def test_what_is_put_into_a_constant_belongs_to_it(suite: Suite) -> None:
    shared = "CONFIG = ConfigParser()\nCONFIG.read('night.ini')\nCASES = {}\nCASES['late'] = 1421\nOTHER = []\nOTHER.append(1422)\n"
    text = "from .shared import CASES, CONFIG\ndef test_x(): assert CONFIG.getint('night', 'employee')\ndef test_y(): get(CASES['late'])\n"
    scanned = suite(suite__shared=shared, suite__test_a=text, **{"suite/night.ini": "[night]\nemployee = 1417\n"})
    assert "1417" in values(scanned.literals_of("suite/test_a.py::test_x"))
    found = values(scanned.literals_of("suite/test_a.py::test_y"))
    assert (1421 in found, 1422 in found) == (True, False)


def test_what_is_looked_up_is_worked_out(suite: Suite) -> None:
    text = 'def test_x(frame):\n    row = frame.set_index("no").loc["INV/2017/" + "000034"]\n'
    assert places(suite(suite__test_a=text).literals_of("suite/test_a.py::test_x"), "INV/2017/000034") == [("suite/test_a.py", 2, 37)]


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('sku(731, "b")', "SKU-00731-b"),
        ('sku("355", letter="K", prefix="LOT")', "LOT-00355-K"),
        ("number(17)", "INV/2019/000017"),
        ("again(17)", "17x"),  # not followed
    ],
)
def test_functions_of_the_suite_are_worked_out_for_literals(suite: Suite, call: str, value: object) -> None:
    known = """
        def sku(number, letter, prefix="SKU"):
            return "-".join((prefix, str(number).rjust(5, "0"), letter))
        def invoice(year, number):
            return f"INV/{year}/{number:06d}"
        def number(of):
            return invoice(2019, of)
        def again(of):
            return again(of - 1) + "x"
    """
    test = f"from .ids import *\n\nCODE = {call}\ndef test_x(): find(CODE)\n"
    found = suite(suite__ids=known, suite__test_a=test).literals_of("suite/test_a.py::test_x")
    assert places(found, value) == ([] if "again" in call else [("suite/test_a.py", 3, 8)])


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("clerks.toml", 'clerk = { first_name = "Isolde", last_name = "Brömmelkamp" }\n', 24),
        ("clerks.json", '[{"first": "Isolde", "last": "Brömmelkamp"}]\n', 12),
        ("clerks.yaml", "- first: Isolde\n  last: Brömmelkamp\n", 10),
    ],
)
def test_names_beside_each_other_in_a_record_are_one_name(suite: Suite, name: str, text: str, column: int) -> None:
    scanned = suite(**{f"suite__{name}": text, "suite__test_a": f"def test_x():\n    assert read('{name}')\n"})
    found = scanned.literals_of("suite/test_a.py::test_x")
    assert places(found, "Isolde Brömmelkamp") == [(f"suite/{name}", 1, column)]
    assert how(found, "Isolde Brömmelkamp") == {LiteralSource.DATA_FILE}
    assert "Isolde Brömmelkamp" in values(tuple(scanned.every()))


def test_names_of_different_records_are_not_put_together(suite: Suite) -> None:
    scanned = suite(**{"suite__clerks.csv": "id;first;room\n1;Isolde;7\n2;Erika;8\n", "suite__test_a": "def test_x(): assert read('clerks.csv')\n"})
    assert {"Isolde Erika", "Erika Isolde"}.isdisjoint(values(tuple(scanned.every())))
