"""Every change of an account, an institution or a token. Views and commands call nothing else."""

from accounts.services.administration import create_first_administrator, has_administrator
from accounts.services.approval import announce_request, approve, change_role, refuse
from accounts.services.people import close_doors, deactivate, reactivate, save_profile
from accounts.services.sites import create_site, edit_site
from accounts.services.tokens import issue_token, revoke_all_tokens, revoke_token

__all__ = [
    "announce_request",
    "approve",
    "change_role",
    "close_doors",
    "create_first_administrator",
    "create_site",
    "deactivate",
    "edit_site",
    "has_administrator",
    "issue_token",
    "reactivate",
    "refuse",
    "revoke_all_tokens",
    "revoke_token",
    "save_profile",
]
