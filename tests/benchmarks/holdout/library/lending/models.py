"""The tables of the library, through Django."""
import os

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "HOST": os.environ.get("PGHOST", ""), "USER": os.environ.get("PGUSER", "")}},
        INSTALLED_APPS=[], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()

from django.db import models


class Member(models.Model):
    member_id = models.IntegerField(primary_key=True)
    card_no = models.CharField(max_length=9, unique=True)
    full_name = models.TextField()
    email = models.TextField(null=True)
    birthday = models.DateField(null=True)
    suspended = models.BooleanField(default=False)
    sponsor = models.ForeignKey("self", null=True, on_delete=models.DO_NOTHING, related_name="sponsored")
    note = models.TextField(null=True)

    class Meta:
        app_label = "lending"
        managed = False
        db_table = "member"


class Item(models.Model):
    barcode = models.TextField(primary_key=True)
    title = models.TextField()
    branch_code = models.TextField()
    year = models.IntegerField()
    price = models.DecimalField(max_digits=7, decimal_places=2)

    class Meta:
        app_label = "lending"
        managed = False
        db_table = "item"


class Loan(models.Model):
    loan_id = models.BigIntegerField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.DO_NOTHING, related_name="loans")
    barcode = models.TextField()
    out_on = models.DateField()
    due_on = models.DateField()
    back_on = models.DateField(null=True)
    renewals = models.IntegerField(default=0)

    class Meta:
        app_label = "lending"
        managed = False
        db_table = "loan"


def reminder(member):
    if os.environ.get("LIB_MAIL") != "on":
        raise RuntimeError("no mail from here")
    return f"Dear {member.full_name}"
