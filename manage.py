#!/usr/bin/env python3
"""Django's command line, with the product's settings and services."""

import gc
import os
import sys


def main() -> int:
    """This command will run one Django management command."""
    gc.disable()  # until everything is loaded (factory.apps): it finds nothing, and takes its time
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factory.settings")
    try:
        from factory import start
    except ModuleNotFoundError as missing:
        name = missing.name
        sys.stderr.write(f"{name} is not installed: run make, then use .venv/bin/python\n")
        return 2
    return start.command(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
