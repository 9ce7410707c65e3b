from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetrainingConfig(AppConfig):
    name = "retraining"
    verbose_name = _("Retraining")
