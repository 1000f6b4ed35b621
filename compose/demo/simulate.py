"""Make the sample's datasets, the same rows every time.

python simulate.py --out DIR                 legacy.sqlite and shadow.sqlite
python simulate.py --sql DIR                 legacy.sql.gz and shadow.sql.gz for PostgreSQL
python simulate.py --url URL --side legacy   one side into an empty database
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulation import legacy, loading, shadow

SIDES = {"legacy": legacy.rows, "shadow": shadow.rows}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.out or options.sql or options.url):
        parser.error("nothing to do: give --out, --sql or --url")
    if options.url and not options.side:
        parser.error("--url needs --side, because a database holds one side")
    for folder in filter(None, (options.out, options.sql)):
        folder.mkdir(parents=True, exist_ok=True)
    for side, rows_of in SIDES.items():
        if options.side in (None, side):
            rows = rows_of()
            if options.out:
                loading.write_sqlite(rows, options.out / f"{side}.sqlite")
            if options.sql:
                loading.write_sql(rows, options.sql / f"{side}.sql.gz")
            if options.url:
                loading.load(rows, options.url)
            counts = ", ".join(f"{len(lines)} {name}" for name, lines in rows.items())
            print(f"{side}: {counts}", file=sys.stderr)  # noqa: T201 - a command line prints
    return 0


def _parser() -> argparse.ArgumentParser:
    description, _, usage = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write SQLite files here")
    parser.add_argument("--sql", type=Path, metavar="DIR", help="write scripts for PostgreSQL here")
    parser.add_argument("--url", help="SQLAlchemy URL of an empty database to fill")
    parser.add_argument("--side", choices=sorted(SIDES), help="only this side")
    return parser


if __name__ == "__main__":
    sys.exit(main())
