"""What `make check-deploy` needs: terraform with its provider, and both environments planned."""

import pytest

from tests.deploy.terraform import Planned, Terraform


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """terraform, with the provider in its place."""
    found = Terraform(tmp_path_factory.mktemp("terraform"))
    if reason := found.missing() or found.start():
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session", params=["staging", "production"])
def planned(request: pytest.FixtureRequest, terraform: Terraform) -> list[Planned]:
    """All that the environment would make."""
    return terraform.planned(request.param)
