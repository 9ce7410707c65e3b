from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app for its commands, checks and template tags alone."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers itself)
