#!/usr/bin/env python3
"""Django's command line, with the product's settings."""

import os
import sys


def main() -> None:
    """This command will run one Django management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factory.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
