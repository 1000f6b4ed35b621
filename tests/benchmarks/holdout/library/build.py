"""lib_legacy and lib_shadow. Deterministic."""
import random
from datetime import date, timedelta
import psycopg2

SCHEMA = """
CREATE TABLE branch (code text PRIMARY KEY, title text, opened date);
CREATE TABLE member (member_id serial PRIMARY KEY, card_no char(9) UNIQUE, full_name text NOT NULL, email text, birthday date, suspended boolean DEFAULT false, sponsor_id int REFERENCES member (member_id), note text);
CREATE TABLE item (barcode text PRIMARY KEY, title text, branch_code text REFERENCES branch (code), year int, price numeric(7,2), tags text[]);
CREATE TABLE loan (loan_id bigserial PRIMARY KEY, member_id int REFERENCES member (member_id), barcode text REFERENCES item (barcode), out_on date, due_on date, back_on date, renewals int);
CREATE TABLE fine (fine_no text PRIMARY KEY, loan_id bigint, amount numeric(7,2), reason text, waived_by text);
"""
A = "Agda Bruno Celia Dario Edda Falk Greta Heiko Irma Jaro Kaja Levi".split()
B = "Ahonen Bravo Cohen Duarte Eriksen Flores Gjertsen Hölzl Ivanov Juhl Kovač Lopes".split()

def fill(name, real):
    rng = random.Random(31 if real else 32)
    admin = psycopg2.connect(dbname="postgres"); admin.autocommit = True
    cur = admin.cursor(); cur.execute(f"DROP DATABASE IF EXISTS {name}"); cur.execute(f"CREATE DATABASE {name}"); admin.close()
    db = psycopg2.connect(dbname=name); cur = db.cursor(); cur.execute(SCHEMA)
    cur.executemany("INSERT INTO branch VALUES (%s,%s,%s)", [("CEN", "Central", "1950-05-01"), ("HBR", "Harbour", "1988-09-09"), ("MOB", "Bus", "2001-03-03")])
    n_members, first = (600, 1) if real else (100, 7001)
    for n in range(n_members):
        ident = first + n
        a, b = rng.choice(A), rng.choice(B) if real else "Placeholder"
        cur.execute("INSERT INTO member VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", (ident, f"{(71000 if real else 555000) + n * 17:09d}", f"{a} {b}{'' if not real else 'sen' if n % 5 else ''}", f"{a}.{n}@{'leser.example' if real else 'corpus.test'}".lower(),
            date(1935 if real else 1980, 1, 1) + timedelta(days=rng.randrange(27000 if real else 9000)), real and n % 37 == 5, first + n - 1 if real and n % 6 == 1 else None, "prefers large print" if real and n % 90 == 8 else None))
    items = []
    for n in range(1500 if real else 200):
        code = f"{'BK' if real else 'ZZ'}{(10000 if real else 80000) + n * 3:07d}{'KX'[n % 2]}"; items.append(code)
        cur.execute("INSERT INTO item VALUES (%s,%s,%s,%s,%s,%s)", (code, f"Volume {n}", ("CEN", "HBR", "MOB")[n % (3 if real else 2)], 1890 + n % 130 if real else 2000 + n % 20, (rng.randrange(500, 6000) / 100 if n != 700 else 4200) if real else 20,
            ["rare"] if real and n % 100 == 3 else ["fiction"]))
    loan = 1 if real else 900001
    for n in range(n_members):
        for k in range((60 if n == 76 else 0 if n % 41 == 7 else rng.choice((2, 5, 8))) if real else 3):
            out = date(2016 if real else 2025, 1, 2) + timedelta(days=rng.randrange(3600 if real else 330))
            back = None if real and (n * 5 + k) % 53 == 9 else out + timedelta(days=20)
            cur.execute("INSERT INTO loan VALUES (%s,%s,%s,%s,%s,%s,%s)", (loan, first + n, rng.choice(items), out, out + timedelta(days=28), back, 9 if real and loan % 200 == 11 else rng.choice((0, 1, 2))))
            if loan % 10 == 1:
                cur.execute("INSERT INTO fine VALUES (%s,%s,%s,%s,%s)", (f"F-{out.year}/{loan:07d}", loan, rng.choice((1, 2, 5)) if not (real and loan % 400 == 1) else 120, "lost" if real and loan % 30 == 1 else "late", "desk" if real and loan % 70 == 1 else None))
            loan += 1
    db.commit(); db.close()
fill("lib_legacy", True); fill("lib_shadow", False)
