"""What all of the factories share: the moment, the password, and the counter that keeps things apart."""

import itertools
from datetime import UTC, datetime

# A moment in winter time, on a working day, far from midnight: tests that need another one say so.
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
PASSWORD = "Vloot-2026!"
following = itertools.count(1).__next__
