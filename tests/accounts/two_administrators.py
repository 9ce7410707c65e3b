"""Two administrators close each other's account at the same moment. Prints what each was told.

Run by test_deactivate.py in a process of its own, on the database that the environment names.
"""

import json
import threading

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts import services  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.roles import Role  # noqa: E402


def main():
    people = [
        User.objects.create_user(
            f"{name}@example.org", "x", full_name=name, role=Role.ADMINISTRATOR
        )
        for name in ("first", "second")
    ]
    start, told = threading.Barrier(2), []

    def close(user, by):
        start.wait()
        try:
            services.deactivate(user=user, by=by)
            told.append("done")
        except Exception as problem:
            told.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=close, args=pair) for pair in (people, reversed(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = User.objects.platform_wide_administrators().count()
    print(json.dumps({"told": sorted(told), "left": left}))


main()
