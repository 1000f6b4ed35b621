"""The four top-level packages have generic names: see that they are ours before anything of them is used."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from harness.errors import InstallationError

PACKAGES = ("harness", "runners", "compare", "dashboard")


def refuse_intruders() -> None:
    """Raise InstallationError, naming the intruder, where another distribution or folder stands in for one of the four packages."""
    home = Path(__file__).resolve().parents[2]
    for package in PACKAGES:
        found = _place_of(package)
        if found != home / package:
            raise InstallationError(
                f"the package {package!r} is not Shadow Harness's own",
                where=str(found or "nowhere on sys.path"),
                expected=str(home / package),
                hint="Install shadow-harness in a virtual environment of its own, and do not start it in a folder that holds a package of this name.",
            )


def _place_of(package: str) -> Path | None:
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve() if places else None
