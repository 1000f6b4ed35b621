"""Couplings of pairs and latent couplings of runs come back from the store's JSON as they went in."""

from __future__ import annotations

from harness.store.findings import pair_findings, pair_findings_of, run_findings, run_findings_of
from tests.goldens.report.hand_made import coupled, sample


def test_couplings_of_a_pair_come_back() -> None:
    pairs = [pair for pair in coupled().pairs if pair.couplings]
    assert len(pairs) == 3
    for pair in pairs:
        assert pair_findings_of(pair_findings(pair))["couplings"] == pair.couplings


def test_latent_couplings_of_a_run_come_back() -> None:
    known = coupled()
    assert run_findings_of(run_findings(known))["latent"] == known.latent


def test_where_there_are_none_nothing_is_stored() -> None:
    assert run_findings(sample()) is None
    assert run_findings_of(None)["latent"] == ()
