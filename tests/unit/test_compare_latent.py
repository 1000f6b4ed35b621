"""Which literals are taken for records of the production copy by their source alone, and where latent couplings show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.identity.base_rate import ENOUGH_BITS, surprise
from compare.identity.commonplace import COMMONPLACE, is_commonplace, weighed
from compare.latent import is_telling, latent
from harness.model import (
    CouplingKind,
    KnownLiteral,
    Outcome,
    PairResult,
    ReachedLiteral,
    SideResult,
    Signal,
    SourceEvidence,
    Strength,
    Verdict,
)
from harness.model.canonical import canonical
from harness.model.coupling import IdentifyingColumn, LiteralForm, LiteralSource, Match, Presence

EMAIL = Match(entity="customers.email", kind=CouplingKind.NATURAL_KEY, content="email", presence=Presence.LEGACY, density=0.0)
NUMBER = Match(entity="customers.customer_id", kind=CouplingKind.IDENTIFIER, content="number", presence=Presence.LEGACY, density=0.58)
AT = {"body": LiteralSource.BODY, "comment": LiteralSource.COMMENT}


def known(line: int, match: Match = EMAIL, *, token: str = "email:7f3a91", name: str | None = None, column: int = 5) -> KnownLiteral:
    return KnownLiteral(
        path="suite/test_a.py",
        line=line,
        column=column,
        form=LiteralForm.WRITTEN,
        token=token,
        fingerprints=("0" * 12,),
        matches=(match,),
        name=name,
    )


def reached(number: int, source: str = "body") -> ReachedLiteral:
    return ReachedLiteral(literal=number, source=AT[source], distance=0)


def pair(name: str, verdict: Verdict = Verdict.EQUIVALENT) -> PairResult:
    side = SideResult(outcome=Outcome.PASSED)
    return PairResult(test_id=f"suite/test_a.py::{name}", legacy=side, shadow=side, verdict=verdict, reason="")


@pytest.mark.parametrize("value", [8080, 5432, 1024, 65535, 1000, 25000, 2024, 1999, 9999, 12345, 987654, 86400, "admin", "v1.2", "2024-05-01"])
def test_what_people_write_for_many_reasons_is_commonplace(value: object) -> None:
    assert is_commonplace(canonical(value) or "")


@pytest.mark.parametrize("value", [404404, 100235, 52, 7, 4711, "ada@example.test", "Ada Lovelace", "cus_8Fh2Kq", "GB32DEMO990112"])
def test_other_values_are_not(value: object) -> None:
    assert not is_commonplace(canonical(value) or "")


def test_a_commonplace_number_needs_its_name_beside_it() -> None:
    port = weighed(replace(NUMBER, density=1e-6), "n:8080")
    assert port.density == COMMONPLACE
    assert not is_telling(port, None)
    assert is_telling(port, "CUSTOMER_ID")
    assert not is_telling(port, "customer_port")


def test_a_full_name_is_weighed_by_how_many_there_are_and_not_by_a_small_shadow() -> None:
    match = replace(EMAIL, content="name", density=0.2)
    column = IdentifyingColumn(entity=match.entity, kind=match.kind, content="name", reason="", legacy_only=60)
    assert is_telling(weighed(match, "t:ada lovelace", column), None)
    assert not is_telling(weighed(match, "t:ada lovelace", replace(column, legacy_only=1_000_000)), None)
    assert not is_telling(weighed(match, "t:ada", column), None)


@pytest.mark.parametrize("name", [None, "CUSTOMER", "customer_id", "PAGE_SIZE", "timeout"])
def test_a_small_number_is_never_told_for_a_customer_by_its_source(name: str | None) -> None:
    assert not is_telling(NUMBER, name)


@given(st.floats(0, 1), st.sampled_from([Presence.SHADOW, Presence.BOTH]), st.sampled_from([None, "customer_id"]))
def test_reference_data_couples_nothing(density: float, presence: Presence, name: str | None) -> None:
    assert not is_telling(replace(NUMBER, density=density, presence=presence), name)


@given(st.floats(0, 1))
def test_without_a_name_surprise_alone_decides(density: float) -> None:
    assert is_telling(replace(NUMBER, density=density), None) == (surprise(density) >= ENOUGH_BITS)


def test_a_test_that_agrees_carries_its_latent_couplings() -> None:
    sources = SourceEvidence(literals=(known(3), known(9, NUMBER)), reached={"suite/test_a.py::t": (reached(0), reached(1))})
    found = latent(sources, [pair("t"), pair("other")])
    (coupling,) = found.tests["suite/test_a.py::t"]
    assert (coupling.path, coupling.line, coupling.column, coupling.entity, coupling.token) == ("suite/test_a.py", 3, 5, EMAIL.entity, "email:7f3a91")
    assert coupling.latent
    assert (coupling.signals, coupling.strength) == ((Signal.LITERAL, Signal.LEGACY_ONLY), Strength.LIKELY)
    assert found.everywhere == (coupling,)
    assert set(found.tests) == {"suite/test_a.py::t"}


def test_a_divergent_test_carries_none() -> None:
    sources = SourceEvidence(literals=(known(3),), reached={"suite/test_a.py::t": (reached(0),)}, everywhere=(reached(0),))
    assert latent(sources, [pair("t", Verdict.DIVERGENT)]).tests == {}


def test_what_explains_a_divergence_is_not_listed_again_unless_a_test_that_agrees_reaches_it() -> None:
    tests = {f"suite/test_a.py::{name}": (reached(0),) for name in ("t", "agrees")}
    sources = SourceEvidence(literals=(known(3),), reached=tests, everywhere=(reached(0),))
    (coupling,) = latent(sources, [pair("agrees")]).everywhere
    explained = replace(pair("t", Verdict.DIVERGENT), couplings=(replace(coupling, latent=False),))
    assert latent(sources, [explained]).everywhere == ()
    assert latent(sources, [explained, pair("agrees")]).everywhere == (coupling,)


def test_each_value_stands_once_on_a_line() -> None:
    literals = (known(3, column=40), known(3), known(4), known(3, token="email:02bd44"))
    sources = SourceEvidence(literals=literals, everywhere=tuple(map(reached, range(4))))
    assert [(one.line, one.column, one.token) for one in latent(sources, []).everywhere] == [
        (3, 5, "email:02bd44"),
        (3, 5, "email:7f3a91"),
        (4, 5, "email:7f3a91"),
    ]


@given(st.permutations(range(4)))
def test_the_order_of_literals_changes_nothing(order: list[int]) -> None:
    literals = (known(3), known(4, NUMBER), known(5, token="email:02bd44"), known(6, replace(NUMBER, density=1e-5), name="customer_id"))
    first = latent(SourceEvidence(literals=literals, everywhere=tuple(map(reached, range(4)))), [])
    second = latent(SourceEvidence(literals=literals, everywhere=tuple(map(reached, order))), [])
    assert first.everywhere == second.everywhere
    assert [one.line for one in first.everywhere] == [3, 5, 6]
