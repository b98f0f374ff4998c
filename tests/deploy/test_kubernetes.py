"""Production on Kubernetes renders, its objects fit their schemas, and its programs start with what they get."""

from contracts import settings
from tests.deploy.programs import variables
from tests.deploy.rendered import needs_kubectl, rendered, workload
from tests.deploy.schemas import faults

pytestmark = needs_kubectl


def test_every_object_of_production_fits_the_schema_of_its_kind() -> None:
    assert not [(one["kind"], one["metadata"]["name"], faults(one)) for one in rendered("production") if faults(one)]


def test_every_program_of_production_takes_the_settings_that_it_gets() -> None:
    for name in ("serving", "stream", "nightly", "judge", "tools", "rollback"):
        settings.read(variables("production", workload("production", name)))
