"""chaos: fault tests of the whole pipeline on a private stack; see README.md. Finds what it builds on beside itself."""
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
for folder in (TESTS.parent / "scripts", TESTS / "support", TESTS / "oracle"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
