"""The rules of promotion, as their page sends them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from retraining.models import PromotionRules
from retraining.services.rules import RULES


class RulesForm(forms.ModelForm[PromotionRules]):
    class Meta:
        model = PromotionRules
        fields = RULES
        help_texts = {
            "max_auc_drop": _("0.02 allows two hundredths of an AUC less; 0 allows none."),
            "by_interval": _("Stricter: chance alone must not explain a loss of that size."),
            "min_sensitivity": _("0 to 1, measured on test patients."),
            "min_specificity": _("0 to 1, measured on test patients."),
            "max_hidden_auc": _(
                "What a model still tells without the lungs, it tells by something else."
            ),
            "max_association": _(
                "0: results do not depend on the institution; 1: each institution has one result."
            ),
            "error_rate": _(
                "0.1: nine of ten cases have their true class among the answers. Of more than one "
                "answer the model says that a doctor should look."
            ),
            "shadow_cases": _("Unseen by users, beside the model in service."),
        }  # fmt: skip
