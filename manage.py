#!/usr/bin/env python
"""Django's command line. In a checkout it starts the engines it needs under var/ and stops them when it is the last user."""

import sys

from echo_portal.checkout import engines


def main() -> None:
    engines.ensure()
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the environment is set

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
