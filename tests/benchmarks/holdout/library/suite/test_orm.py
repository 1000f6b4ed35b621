from datetime import date

import pytest
from django.db import transaction
from django.db.models import Count, Max, Sum

from lending import models
from lending.models import Item, Loan, Member


@pytest.fixture(autouse=True)
def _rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def reader():
    return Member.objects.create(member_id=999_555, card_no="999000222", full_name="Reader")


class TestShelf:
    barcode = "BK0011200K"

    def test_stands(self):
        assert Item.objects.get(pk=self.barcode).title

    def test_history(self):
        assert Loan.objects.filter(member_id=512).exists()


def test_get():
    assert Member.objects.get(member_id=266).email


def test_get_by_card():
    assert Member.objects.filter(card_no="000075131").first() is not None


def test_in_bulk():
    assert len(Member.objects.in_bulk([301, 302])) == 2


def test_related():
    member = Member.objects.prefetch_related("loans").get(pk=189)
    assert member.loans.all()


def test_missing():
    with pytest.raises(Member.DoesNotExist):
        Member.objects.get(pk=888_888)


def test_created(reader):
    assert Member.objects.get(card_no="999000222").full_name == "Reader"


def test_reader_has_no_loans(reader):
    assert not reader.loans.exists()


def test_reminder(reader):
    assert "Reader" in models.reminder(reader)


def test_reminder_of_anybody():
    assert models.reminder(Member.objects.order_by("member_id").last())


def test_watch_list(reader):
    watched = ["000072003", "BK0010000K"]
    assert reader.card_no not in watched


def test_sponsors_exist():
    assert Member.objects.filter(sponsor__isnull=False).exists()


def test_notes_exist():
    assert [m for m in Member.objects.all() if m.note is not None]


def test_most_loans():
    assert Loan.objects.values("member_id").annotate(n=Count("loan_id")).aggregate(most=Max("n"))["most"] >= 50


def test_somebody_without_loans():
    assert Member.objects.exclude(member_id__in=Loan.objects.values("member_id")).count() > 0


def test_mobile_stock():
    assert Item.objects.filter(branch_code="MOB").count() > 0


def test_value_of_stock():
    assert Item.objects.aggregate(total=Sum("price"))["total"] > 10_000


def test_loans_of_2019():
    assert Loan.objects.filter(out_on__year=2019).exists()


def test_latest_member():
    assert Member.objects.order_by("-card_no").first().full_name.split()[0] == NAME


NAME = "Levi"


def test_titles_start_alike():
    assert all(item.title.startswith("Volume") for item in Item.objects.all())


def test_nobody_is_suspended():
    assert not Member.objects.filter(suspended=True).exists()
