import csv
import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from netz import modell
from netz.modell import Anschluss, Kunde, Rechnung, Stoerung, Tarif

from . import werte

DATEN = Path(__file__).parent / "daten"
FAELLE = json.loads((DATEN / "faelle.json").read_text())["faelle"]
TESTMAIL = "niemand@example.test"


def test_kunde_mit_hoher_kennung(sitzung):
    assert sitzung.get(Kunde, 845).nachname


def test_stammkunde(stammkunde):
    assert stammkunde.vorname


def test_vorgabe_der_hilfe(hole):
    assert hole().mail.endswith(".example")


def test_guthaben(sitzung):
    kunde = modell.kunde_mit_allem(sitzung, werte.GUTHABEN_KUNDE)
    assert kunde.rechnungen


def test_anschluss_im_streit(sitzung):
    anschluss = sitzung.get(Anschluss, werte.ANSCHLUSS_IM_STREIT)
    assert anschluss.kunde.nachname


def test_nach_kundennummer(sitzung):
    assert modell.suche(sitzung, kundennummer="0000005884").ort == "Goslar"


def test_nach_kundennummer_als_zahl(sitzung):
    assert modell.suche(sitzung, kundennummer=str(6885).rjust(10, "0"))


def test_nach_mail(sitzung):
    assert modell.suche(sitzung, mail="Dirk.Muench.812@Fernruf.example")


def test_nach_iban(sitzung):
    iban = "DE62 3704 0044 0006 6915 56".replace(" ", "")
    assert modell.suche(sitzung, iban=iban)


def test_nach_namen(sitzung):
    gefunden = sitzung.scalars(select(Kunde).where(Kunde.vorname == "Lothar", Kunde.nachname == "Förster")).all()
    assert gefunden


def test_rueckruf(sitzung):
    with (DATEN / "rueckruf.csv").open(newline="") as zeilen:
        for zeile in csv.DictReader(zeilen, delimiter=";"):
            assert sitzung.scalars(select(Anschluss).filter_by(rufnummer=zeile["rufnummer"])).first(), zeile["name"]


@pytest.mark.parametrize("fall", FAELLE, ids=lambda fall: fall["art"])
def test_fall(sitzung, fall):
    rechnung = sitzung.scalar(select(Rechnung).where(Rechnung.rechnungsnummer == fall["rechnung"]))
    assert rechnung.mahnstufe == fall["mahnstufe"]


@pytest.mark.parametrize("kennung", [555, 701])
def test_hat_anschluss(sitzung, kennung):
    assert sitzung.get(Kunde, kennung).anschluesse


def test_kunde_der_umgebung(sitzung):
    assert sitzung.get(Kunde, int(os.environ.get("NETZ_KUNDE", 640)))


def test_niedrige_kennung_anderer_mensch(sitzung):
    assert sitzung.get(Kunde, 42).nachname == "Münch"


def test_niedrige_kennung_ort(sitzung):
    zeile = sitzung.execute(text("SELECT ort FROM kunde WHERE id = :id"), {"id": 77}).mappings().one()
    assert zeile["ort"] == "Worms"


def test_niedrige_kennung_gibt_es(sitzung):
    assert sitzung.get(Kunde, 17).id == 17


def test_roher_text(sitzung):
    anzahl = sitzung.execute(text("SELECT count(*) FROM rechnung WHERE kunde_id = 733")).scalar_one()
    assert anzahl >= 1


def test_summe_eines_kunden(sitzung):
    assert sitzung.scalar(select(func.sum(Rechnung.betrag)).where(Rechnung.kunde_id == 640)) == Decimal("55.67")


def test_nachbarn(sitzung):
    mitte = 500
    assert [sitzung.get(Kunde, mitte + schritt) is not None for schritt in (-1, 1)] == [True, True]


def test_unbekannt(sitzung):
    assert sitzung.get(Kunde, werte.UNBEKANNT) is None


def test_neukunde(sitzung, neukunde):
    assert modell.suche(sitzung, kundennummer="X000000001").id == neukunde.id


def test_neukunde_ohne_rechnung(neukunde):
    assert neukunde.rechnungen == []


def test_neuer_anschluss(sitzung, neukunde):
    neukunde.anschluesse.append(Anschluss(tarif_kuerzel="FLAT", rufnummer="+4943199999901", aktiviert=datetime(2026, 1, 2, 3, 4), portiert=0))
    sitzung.flush()
    assert neukunde.anschluesse[0].id


def test_druck_einer_neuen_rechnung(sitzung, neukunde):
    rechnung = Rechnung(rechnungsnummer="T-1", datum=date(2026, 1, 1), betrag=Decimal("9.99"), mahnstufe=0, kunde=neukunde)
    assert "9.99 EUR" in modell.rechnung_drucken(rechnung)


def test_druck_irgendeiner_rechnung(sitzung):
    rechnung = sitzung.scalars(select(Rechnung).limit(1)).first()
    assert modell.rechnung_drucken(rechnung)


def test_tarif(sitzung):
    assert sitzung.get(Tarif, "FLAT").grundpreis == Decimal("29.99")


def test_vier_tarife(sitzung):
    assert sitzung.scalar(select(func.count()).select_from(Tarif)) == 4


def test_seite(sitzung):
    assert len(sitzung.scalars(select(Kunde).limit(werte.SEITENGROESSE)).all()) == werte.SEITENGROESSE


def test_zeitlimit():
    assert werte.ZEITLIMIT / werte.MONATE == 25 and werte.PORT > 1024


def test_werbesperre(neukunde):
    # carla.krueger.77@fernruf.example hat widersprochen
    gesperrt = {"0000008131", "0000000042"}
    assert neukunde.kundennummer not in gesperrt


def test_jahr():
    """Vorgang 733 aus 2024."""
    assert date(werte.JAHR, 2, 29)


def test_rundung():
    assert round(Decimal("2.675"), 2) == Decimal("2.67")


def test_mahngebuehr():
    assert Decimal("2.50") * 3 == Decimal("7.60")
