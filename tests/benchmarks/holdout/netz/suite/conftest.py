import pytest
from sqlalchemy.orm import Session

from netz import modell
from netz.modell import Kunde

STAMMKUNDE = "0000007480"


@pytest.fixture(scope="session")
def maschine():
    m = modell.maschine()
    yield m
    m.dispose()


@pytest.fixture
def sitzung(maschine):
    with Session(maschine) as s:
        yield s
        s.rollback()


@pytest.fixture
def stammkunde(sitzung):
    return modell.suche(sitzung, kundennummer=STAMMKUNDE)


@pytest.fixture
def hole(sitzung):
    def _hole(kennung=733):
        return sitzung.get(Kunde, kennung)

    return _hole


@pytest.fixture
def neukunde(sitzung):
    kunde = Kunde(kundennummer="X000000001", vorname="Neu", nachname="Kunde", ort="Kiel", plz="24103", gesperrt=0)
    sitzung.add(kunde)
    sitzung.flush()
    return kunde
