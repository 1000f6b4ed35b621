import asyncpg
import psycopg2
import psycopg2.extras
import pytest
import pytest_asyncio

PATRON = 77
CARD = "000073720"


@pytest.fixture
def db():
    connection = psycopg2.connect("")
    yield connection
    connection.rollback()
    connection.close()


@pytest.fixture
def cur(db):
    with db.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        yield cursor


@pytest_asyncio.fixture
async def pg():
    connection = await asyncpg.connect()
    yield connection
    await connection.close()
