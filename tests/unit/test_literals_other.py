"""Suites in other languages, and the pieces of texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.literals.parts import parts_of
from runners.literals.suite import scan_suite

JAVASCRIPT = """
const VIP = 1417; // as ada@real.test asked
const other = 1999;
function vip(client) {
  return client.get(`/customers/${VIP}`);
}
describe("customers", () => {
  it("shows a customer", async () => {
    const answer = await vip(client);
    expect(answer.email).toBe("grace@real.test");
  });
  it("hides another", () => {
    get({ customerId: 2001 });
  });
});
"""
JAVA = """
class CustomerTest {
    private static final int VIP = 1417;

    @Test
    void showsCustomer() {
        assertEquals("grace@real.test", shop.find(VIP).email());
    }

    @Test
    void other() { find(2001); }
}
"""
RUBY = """
VIP = 1417
def vip
  Customer.find(VIP)
end
describe "customers" do
  it "shows a customer" do
    expect(vip.email).to eq 'grace@real.test'
  end
  it "other" do
    find(2001)
  end
end
"""
GO = """
const vip = 1417

func TestShowsCustomer(t *testing.T) {
\tif find(vip).Email != "grace@real.test" {
\t\tt.Fail()
\t}
}

func TestOther(t *testing.T) { find(2001) }
"""


@pytest.mark.parametrize(
    ("file", "text", "test_id"),
    [
        ("web/customers.test.js", JAVASCRIPT, "web/customers.test.js::customers::shows a customer"),
        ("web/customers.test.js", JAVASCRIPT, "customers shows a customer"),
        ("src/CustomerTest.java", JAVA, "com.shop.CustomerTest::showsCustomer"),
        ("spec/customer_spec.rb", RUBY, "spec/customer_spec.rb::customers shows a customer"),
        ("pkg/customer_test.go", GO, "pkg/customer_test.go::pkg::TestShowsCustomer"),
    ],
)
def test_a_test_reaches_its_block_and_what_its_names_mean(tmp_path: Path, file: str, text: str, test_id: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(text)
    found = {one.literal.value: one for one in scan_suite(tmp_path).literals_of(test_id)}
    assert {1417, "grace@real.test"} <= found.keys()
    assert not {2001, 1999} & found.keys()
    assert text.split("\n")[found["grace@real.test"].literal.line - 1].find("grace@real.test") == found["grace@real.test"].literal.column


def test_comments_and_data_files_of_other_languages_are_read(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/customers.test.js").write_text(JAVASCRIPT + "it('reads', () => { load('cases.json') })\n")
    (tmp_path / "web/cases.json").write_text('{"id": 3001}')
    scanned = scan_suite(tmp_path)
    assert 3001 in {one.literal.value for one in scanned.literals_of("web/customers.test.js::reads")}
    assert {"ada@real.test", 1417, 2001, 3001} <= {one.literal.value for one in scanned.every()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/customers/17/orders", {("17", "customers")}),
        ("https://shop.test/c?customer_id=17&x=a@real.test", {("17", "customer_id"), ("a@real.test", None)}),
        (
            "SELECT 1 FROM c WHERE c.id = 17 OR mail IN ('a@real.test', 'b@real.test')",
            {("17", "id"), ("a@real.test", "mail"), ("b@real.test", "mail")},
        ),
        ("INSERT INTO c (id, name) VALUES (17, 'Ada Berg')", {("17", "id"), ("Ada Berg", "name")}),
        ("UPDATE c SET x = -5 WHERE no = 'ST-17'", {("-5", "x"), ("ST-17", "no")}),
        ("Asked by Ada Maria Berg, +47 22 44 22 22.", {("Ada Maria Berg", None), ("Maria Berg", None), ("+47 22 44 22 22", None)}),
        ("card 4000 0566 5566 5556 of GB32 DEMO 9901 4100 0081 31", {("4000 0566 5566 5556", None), ("GB32 DEMO 9901 4100 0081 31", None)}),
        ("see cus_8Fh2Kd and 123e4567-e89b-12d3-a456-426614174000", {("cus_8Fh2Kd", "see"), ("123e4567-e89b-12d3-a456-426614174000", None)}),
    ],
)
def test_pieces_are_found_with_what_the_text_calls_them(text: str, expected: set[tuple[str, str | None]]) -> None:
    assert expected <= {(part.value, part.name) for part in parts_of(text)}


@pytest.mark.parametrize("text", ["2022-04-01", "at 12:30:59", "45.62", "v1.2.3", "plain words only", "on 01.02.2023 it rained"])
def test_moments_and_fractions_are_no_pieces(text: str) -> None:
    assert [part.value for part in parts_of(text) if any(character.isdigit() for character in part.value) and not part.value.startswith("v")] == []


@given(st.text(max_size=200))
def test_pieces_stand_where_they_are_said_to(text: str) -> None:
    for part in parts_of(text):
        assert part.value.lstrip("-") in text
