#!/usr/bin/env python
"""COVID-XR's command line: every management command starts here."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.start.trouble import one_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as problem:
        sentence = one_line(problem)
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
