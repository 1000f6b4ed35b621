"""What is decided about a run beforehand: how divergences are confirmed, what counts as a coupling, which effects are let through, the gate."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, Strict

from harness.config.values import Column, Duration, Executions, Host, Scalar, Table, Title


class Confirm(Table):
    """`[confirm]`: how divergences are confirmed."""

    enabled: bool = Field(
        default=True, description="Whether candidates are rerun. Without it, every divergence is unconfirmed and no error bound holds."
    )
    alpha: float = Field(default=0.01, gt=0, lt=1, description="Bound of the share of false ones among the confirmed divergences of a night.")
    max_pairs: int = Field(default=12, ge=1, description="How often a candidate is rerun at most, once on each side a time.")
    mass_failure: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Share of a side's tests; above it, one and the same failure is an infrastructure failure and not so many divergences.",
    )
    clean_nights: int = Field(
        default=3, ge=1, description="After how many nights in a row in which both sides agreed a divergence has converged.", examples=[3]
    )
    order_budget: int = Field(
        default=150,
        ge=0,
        description="Executions that the search for order-dependence may take in a night; 0 turns it off. pytest only.",
        examples=[1000],
    )
    aa: Literal["never", "weekly", "nightly"] = Field(
        default="weekly",
        description="How often each side is compared with itself on a sample, to measure the false divergences that the method really shows here, "
        "and whether reruns are independent of each other; the first time on the second night.",
        examples=["weekly"],
    )
    vacuous: Literal["never", "rotating", "weekly", "all"] = Field(
        default="weekly",
        description="Of which tests the full run counts what they do, to see whether their passes mean the same on both sides: "
        "a part each night, so that a week covers the suite, smaller ones, so that 28 nights do, or all. pytest only.",
        examples=["weekly"],
    )
    aa_sample: int = Field(default=60, ge=1, description="Tests of that sample, which rotates, so that it covers the suite in time.")


class Coupling(Table):
    """`[coupling]`: whether couplings are looked for, corrections of which columns identify somebody, and how gently databases are read."""

    enabled: bool = Field(
        default=True,
        description="Whether a run looks for couplings, where both sides have `database` and the extra `coupling` is installed.",
    )
    entities: Annotated[tuple[Column, ...], Strict(strict=False)] = Field(
        default=(),
        description="Columns that identify, added to those that are inferred.",
        examples=[["customer.customer_id", "customer.email"]],
    )
    ignore: Annotated[tuple[Column, ...], Strict(strict=False)] = Field(
        default=(),
        description="Columns that do not identify, whatever is inferred.",
        examples=[["staff.staff_id"]],
    )
    experiments: Executions = Field(
        default="auto",
        validate_default=True,
        description='Executions that experiments on divergent tests may take in a night: a number, or "auto" for 200, or a tenth of the tests where '
        "that is more; 0 turns them off. pytest only.",
        examples=[60],
    )
    statement_timeout: Duration = Field(
        default="5m",
        validate_default=True,
        description="The longest that a statement may take while the identity index is made.",
    )
    rows_per_second: int | None = Field(
        default=None,
        ge=1,
        description="How many rows a second are read of a database at most, for a live copy that others use.",
        examples=[20000],
    )


class Allowance(Table):
    """A side effect that is let through, by name, until a day."""

    hosts: Annotated[tuple[Host, ...], Strict(strict=False)] = Field(
        min_length=1,
        description="Hosts, or hosts and ports, that may be reached.",
        examples=[["stripe-mock:12111"]],
    )
    reason: Title = Field(description="Why it is let through.", examples=["sandbox"])
    owner: Title = Field(description="Who answers for it.", examples=["payments"])
    until: date = Field(description="The last day on which it holds, a date without quotes.")


class Effects(Table):
    """`[effects]`: nothing leaves, but for what is named here."""

    allow: dict[Title, Allowance] = Field(
        default_factory=dict,
        description="Side effects that are let through: name = { hosts, reason, owner, until }.",
    )


Gate = dict[Title, Scalar]
