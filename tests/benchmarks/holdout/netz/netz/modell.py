"""Das Modell: Kunden, Anschlüsse, Rechnungen."""
import os
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String, create_engine, func, select
from sqlalchemy.dialects.mysql import TINYINT
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload


class Basis(DeclarativeBase):
    pass


class Tarif(Basis):
    __tablename__ = "tarif"
    kuerzel: Mapped[str] = mapped_column(String(10), primary_key=True)
    bezeichnung: Mapped[str] = mapped_column(String(60))
    grundpreis: Mapped[Decimal] = mapped_column(Numeric(8, 2))


class Kunde(Basis):
    __tablename__ = "kunde"
    id: Mapped[int] = mapped_column(primary_key=True)
    kundennummer: Mapped[str] = mapped_column(String(12), unique=True)
    anrede: Mapped[str | None] = mapped_column(String(10))
    vorname: Mapped[str] = mapped_column(String(40))
    nachname: Mapped[str] = mapped_column(String(40))
    geburtsdatum: Mapped[date | None]
    mail: Mapped[str | None] = mapped_column(String(80))
    ort: Mapped[str] = mapped_column(String(40))
    plz: Mapped[str] = mapped_column(String(5))
    gesperrt: Mapped[int] = mapped_column(TINYINT(1))
    iban: Mapped[str | None] = mapped_column(String(34))
    anschluesse: Mapped[list["Anschluss"]] = relationship(back_populates="kunde", order_by="Anschluss.id")
    rechnungen: Mapped[list["Rechnung"]] = relationship(back_populates="kunde", order_by="Rechnung.datum")


class Anschluss(Basis):
    __tablename__ = "anschluss"
    id: Mapped[int] = mapped_column(primary_key=True)
    kunde_id: Mapped[int] = mapped_column(ForeignKey("kunde.id"))
    tarif_kuerzel: Mapped[str] = mapped_column(String(10))
    rufnummer: Mapped[str] = mapped_column(String(20), unique=True)
    aktiviert: Mapped[datetime]
    gekuendigt: Mapped[datetime | None]
    portiert: Mapped[int] = mapped_column(TINYINT(1))
    kunde: Mapped[Kunde] = relationship(back_populates="anschluesse")


class Rechnung(Basis):
    __tablename__ = "rechnung"
    id: Mapped[int] = mapped_column(primary_key=True)
    rechnungsnummer: Mapped[str] = mapped_column(String(20), unique=True)
    kunde_id: Mapped[int] = mapped_column(ForeignKey("kunde.id"))
    datum: Mapped[date]
    betrag: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    mahnstufe: Mapped[int] = mapped_column(TINYINT)
    bezahlt_am: Mapped[date | None]
    kunde: Mapped[Kunde] = relationship(back_populates="rechnungen")


class Stoerung(Basis):
    __tablename__ = "stoerung"
    id: Mapped[int] = mapped_column(primary_key=True)
    anschluss_id: Mapped[int]
    gemeldet: Mapped[datetime]
    beschreibung: Mapped[str | None] = mapped_column(String(200))
    prioritaet: Mapped[str] = mapped_column(String(10))


def maschine():
    return create_engine(os.environ["DATENBANK"])


def kunde_mit_allem(sitzung: Session, kennung: int) -> Kunde | None:
    wahl = select(Kunde).where(Kunde.id == kennung).options(selectinload(Kunde.anschluesse), selectinload(Kunde.rechnungen))
    return sitzung.scalars(wahl).one_or_none()


def suche(sitzung: Session, **merkmale):
    return sitzung.scalars(select(Kunde).filter_by(**merkmale)).first()


def umsatz(sitzung: Session, von: date, bis: date) -> Decimal:
    return sitzung.scalar(select(func.coalesce(func.sum(Rechnung.betrag), 0)).where(Rechnung.datum >= von, Rechnung.datum < bis))


def rechnung_drucken(rechnung: Rechnung) -> str:
    if int(os.environ.get("DRUCK_AKTIV", "0")) == 0:
        raise NotImplementedError("Druck ist abgeschaltet")
    return f"{rechnung.rechnungsnummer}: {rechnung.betrag:.2f} EUR"
