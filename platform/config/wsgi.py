"""The wsgi entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from config.checks import refuse_bad_deployment  # noqa: E402  (needs the settings)
from config.warm import warm_up  # noqa: E402

refuse_bad_deployment()
warm_up()
