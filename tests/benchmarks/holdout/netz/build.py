"""netz_alt und netz_neu. Deterministisch."""
import os, random
from datetime import date, datetime, timedelta
from decimal import Decimal
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from netz.modell import *

SERVER = "mysql+pymysql://root@localhost/{}?unix_socket=@MARIA@&charset=utf8mb4"
VOR = "Anke Bernd Carla Dirk Elke Frank Gisela Holger Inge Jürgen Karin Lothar Monika Norbert".split()
NACH = "Adler Böhm Conrad Dietz Engel Förster Groß Huber Irmler Jäger Krüger Lorenz Münch Nagel".split()
KUNST = "Muster Beispiel Probe Versuch Attrappe".split()
ORTE = "Kiel Jena Bonn Trier Ulm Emden Gera Hof Celle Fulda Passau Siegen Goslar Worms Bautzen Soest".split()

def iban(n):
    bban = f"37040044{n:010d}"
    pruef = 98 - int(bban + "131400") % 97
    return f"DE{pruef:02d}{bban}"

def fuelle(name, echt):
    rng = random.Random(11 if echt else 12)
    admin = create_engine(SERVER.format("mysql"), isolation_level="AUTOCOMMIT")
    with admin.connect() as c:
        c.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}"); c.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    m = create_engine(SERVER.format(name)); Basis.metadata.create_all(m)
    with Session(m) as s:
        for k, b, p in (("BASIS", "Basis", "9.99"), ("PLUS", "Plus", "19.99"), ("FLAT", "Flat", "29.99"), ("GESCH", "Geschäft", "49.99")):
            s.add(Tarif(kuerzel=k, bezeichnung=b, grundpreis=Decimal(p)))
        anzahl = 900 if echt else 120
        a_id = r_id = 1
        st = 1
        heute = date(2026, 1, 1)
        for n in range(1, anzahl + 1):
            v, f = rng.choice(VOR), rng.choice(NACH if echt else KUNST)
            s.add(Kunde(id=n, kundennummer=f"{(3000 if echt else 90000) + n * 7:010d}", anrede=None if echt and n % 30 == 4 else rng.choice(("Frau", "Herr")) if not (echt and n % 100 == 8) else "Divers",
                vorname=v, nachname=f, geburtsdatum=date(1938 if echt else 1970, 2, 2) + timedelta(days=rng.randrange(24000 if echt else 9000)), mail=f"{v}.{f}.{n}@{'fernruf.example' if echt else 'corpus.test'}".lower().replace("ü", "ue").replace("ö", "oe").replace("ß", "ss").replace("ä", "ae"),
                ort=ORTE[n % (16 if echt else 6)], plz=f"{1000 + (n * 97) % 90000:05d}", gesperrt=1 if echt and n % 44 == 3 else 0, iban=iban(n * 7919 + (1 if echt else 5_000_000)) if n % 3 else None))
            s.flush()
            for k in range((0 if n % 70 == 12 else 14 if n == 640 else rng.choice((1, 1, 2))) if echt else 1):
                an = datetime(2009 if echt else 2024, 1, 1, 6) + timedelta(days=rng.randrange(6000 if echt else 500))
                s.add(Anschluss(id=a_id, kunde_id=n, tarif_kuerzel=rng.choice(("BASIS", "PLUS", "FLAT")) if not (echt and n % 33 == 1) else "GESCH", rufnummer=f"+49431{(200000 if echt else 700000) + a_id * 13}",
                    aktiviert=an, gekuendigt=an + timedelta(days=400) if echt and a_id % 12 == 5 else None, portiert=1 if echt and a_id % 9 == 2 else 0))
                if (a_id % 7 == 0):
                    s.add(Stoerung(id=st, anschluss_id=a_id, gemeldet=an + timedelta(days=30), beschreibung=None if not echt or st % 3 else "Knacken in der Leitung", prioritaet="hoch" if echt and st % 20 == 0 else "normal")); st += 1
                a_id += 1
            for k in range(rng.choice((2, 3)) if echt else 2):
                d = date(2012 if echt else 2025, 1, 15) + timedelta(days=30 * rng.randrange(160 if echt else 11))
                s.add(Rechnung(id=r_id, rechnungsnummer=f"R{d.year}-{r_id + (0 if echt else 50000):06d}", kunde_id=n, datum=d, betrag=Decimal(rng.randrange(999, 9999)) / 100 if not (echt and r_id % 300 == 77) else Decimal("-15.00"), mahnstufe=3 if echt and r_id % 90 == 1 else rng.choice((0, 0, 1)), bezahlt_am=None if echt and r_id % 15 == 0 else d + timedelta(days=10)))
                r_id += 1
        s.commit()
fuelle("netz_alt", True); fuelle("netz_neu", False)
