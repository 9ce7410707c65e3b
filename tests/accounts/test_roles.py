import pytest

from accounts.roles import CAPABILITIES, Capability, Role, capabilities_of

TABLE = {
    "health_worker": "view_radiographs add_radiographs edit_radiographs state_truth",
    "doctor": "view_radiographs add_radiographs edit_radiographs state_truth record_truth"
    " export_cases manage_patients read_cases review_labels",
    "researcher": "view_radiographs export_cases",
    "administrator": " ".join(Capability),
    "": "",
    "emperor": "",
}


@pytest.mark.parametrize(("role", "capabilities"), TABLE.items())
def test_table(role, capabilities):
    assert capabilities_of(role) == set(capabilities.split())


def test_each_role_is_in_the_table():
    assert set(CAPABILITIES) == set(Role)


@pytest.mark.django_db
def test_closed_account_can_nothing(administrator):
    administrator.is_active = False
    assert not administrator.capabilities


@pytest.mark.django_db
def test_models_belong_to_administrators_of_the_whole_platform(administrator, site_administrator):
    assert administrator.can(Capability.MANAGE_MODELS)
    assert not site_administrator.can(Capability.MANAGE_MODELS)
    assert site_administrator.can(Capability.READ_AUDIT)
