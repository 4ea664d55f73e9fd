"""`make check`: run every check in order, and stop at the first that fails with its output."""

import os
import subprocess
import sys
import time

from echo_portal.checkout import engines

PYTHON = [sys.executable]
# Values that let the production settings load. Nothing connects to these addresses.
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "only-for-this-check-" + "k7Q2m9Zx4Lw8Rt1Vb6Ny3Hc5Jd0Pf" * 2,
    "DATABASE_URL": "postgres://nobody@localhost/nothing",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "smtp://localhost:25",
    "SITE_URL": "https://echo.example.ca",
    "POSTAL_ADDRESS": "1 Example Street, Ottawa ON  K1A 0A1",
}
CHECKS = {
    "lint": ([*PYTHON, "-m", "ruff", "check", "--quiet", "."], {}),
    "format": ([*PYTHON, "-m", "ruff", "format", "--quiet", "--check", "."], {}),
    "templates": ([*PYTHON, "-m", "djlint", "--check", "--lint", "templates"], {}),
    "types": ([*PYTHON, "-m", "mypy", "--no-error-summary", "."], {}),
    "import rule": ([*PYTHON, "-m", "pytest", "--quiet", "--no-header", "tests/test_imports.py"], {}),
    "migrations": ([*PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    "deploy": ([*PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    "translations": ([*PYTHON, "-m", "echo_portal.checkout.translations", "check"], {}),
}


def main() -> int:
    engines.ensure()
    for name, (command, environment) in CHECKS.items():
        start = time.monotonic()
        result = subprocess.run(
            command, cwd=engines.ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        print(f"{'ok  ' if result.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - start:.1f} s)", flush=True)
        if result.returncode:
            print(result.stdout + result.stderr)
            return 1
    print("All checks passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
