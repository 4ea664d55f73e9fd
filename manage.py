#!/usr/bin/env python
"""Django's command line. In a checkout it starts the engines it needs under var/ and stops them when it is the last user."""

import sys

from echo_portal.checkout import engines


def main() -> None:
    engines.ensure()
    import pghistory  # noqa: PLC0415 - after the environment is set
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    with pghistory.context(command=" ".join(sys.argv[1:2])):  # kept with each change that the command makes
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
