"""Numbers of the suite."""
PORT = 8080
PAGE_SIZE = 50
TIMEOUT = 30
OPENING_YEAR = 2015
NOT_FOUND = 404
MAX_NIGHTS = 365
UNKNOWN_GUEST = 777_777


class Known:
    """People everybody here knows."""

    organist = 1777
    groom: int = 3141
    retries = 12
