"""What holds of every resource that would be made: nothing open, nothing in clear, no right without its bound."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.deploy.terraform import Planned, Policy, listed, policies

EVERYBODY: Final = ("*", {"AWS": "*"})
ACCOUNT_ONLY: Final = {"aws:PrincipalAccount"}


def of(planned: list[Planned], kind: str) -> list[Planned]:
    found = [resource for resource in planned if resource.kind == kind]
    assert found, f"no {kind} is planned: the check would prove nothing"
    return found


def allowed(planned: list[Planned]) -> Iterator[tuple[Policy, dict[str, Any]]]:
    """Each statement that allows something."""
    for policy in policies(planned):
        for statement in policy.statements:
            if statement["Effect"] == "Allow":
                yield policy, statement


def conditions(statement: dict[str, Any]) -> set[str]:
    return {key for test in statement.get("Condition", {}).values() for key in test}


def test_no_policy_is_left_out_of_these_checks(planned: list[Planned]) -> None:
    with_policy = [
        resource for resource in planned if resource.kind in ("aws_iam_role", "aws_iam_role_policy", "aws_kms_key")
    ]
    assert {resource.address for resource in with_policy} <= {policy.address for policy in policies(planned)}
    assert not of_kinds(planned, "aws_iam_policy", "aws_iam_user", "aws_iam_access_key", "aws_iam_group_policy")


def of_kinds(planned: list[Planned], *kinds: str) -> list[str]:
    return [resource.address for resource in planned if resource.kind in kinds]


def test_whoever_may_something_of_everything_may_it_under_a_condition(planned: list[Planned]) -> None:
    loose = [
        (policy.address, statement.get("Sid"))
        for policy, statement in allowed(planned)
        if "*" in listed(statement.get("Resource", [])) and not conditions(statement)
        if not policy.address.startswith("module.keys.")  # a key's policy means the key alone by *
    ]
    assert not loose


def test_nobody_may_do_everything(planned: list[Planned]) -> None:
    loose = [
        (policy.address, action)
        for policy, statement in allowed(planned)
        for action in listed(statement["Action"])
        if action == "*" or action.endswith(":*")
        if not (statement.get("Sid") == "ByIam" and policy.address.startswith("module.keys."))
        # an endpoint is a door for this account, behind which IAM decides
        if not (policy.address.startswith("module.network.aws_vpc_endpoint.") and conditions(statement) & ACCOUNT_ONLY)
    ]
    assert not loose


def test_no_policy_lets_in_everybody(planned: list[Planned]) -> None:
    open_to_all = [
        (policy.address, statement.get("Sid"))
        for policy, statement in allowed(planned)
        if statement.get("Principal") in EVERYBODY and not conditions(statement) & ACCOUNT_ONLY
    ]
    # images' layers lie in a bucket of AWS', which an endpoint may reach to read
    assert set(open_to_all) <= {("module.network.aws_vpc_endpoint.s3", "LayersOfImages")}


def test_a_pod_s_role_is_taken_by_one_service_account(planned: list[Planned]) -> None:
    taken = [
        statement
        for policy in policies(planned)
        if policy.attribute == "assume_role_policy"
        for statement in policy.statements
        if "pods.eks.amazonaws.com" in listed(statement["Principal"]["Service"])
    ]
    assert len(taken) >= 9
    bound = {"aws:SourceAccount", "aws:RequestTag/eks-cluster-name"}
    bound |= {"aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account"}
    assert not [statement for statement in taken if not bound <= conditions(statement)]
    accounts = [json.dumps(statement["Condition"], sort_keys=True) for statement in taken]
    assert len(accounts) == len(set(accounts)), "two roles for one service account"


MAY: Final = {
    "serving": {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"},
    "stream": {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    },
}
MAY["nightly"] = MAY["stream"] | {"s3:DeleteObject"}
MAY["tools"] = MAY["nightly"]
WRITES: Final = {"serving": set[str](), "stream": {"lake"}, "nightly": {"bundles"}, "tools": {"lake", "bundles"}}


@pytest.mark.parametrize("program", MAY)
def test_a_program_may_what_it_needs_and_no_more(planned: list[Planned], program: str) -> None:
    (policy,) = [
        one
        for one in policies(planned)
        if one.address.startswith(f'module.workloads.module.identity["{program}"].') and one.attribute == "policy"
    ]
    assert {action for statement in policy.statements for action in listed(statement["Action"])} == MAY[program]
    puts = [statement for statement in policy.statements if "s3:PutObject" in listed(statement["Action"])]
    assert {str(statement["Resource"]).split("/")[-2] for statement in puts} == WRITES[program]
    deletes = [
        statement["Resource"] for statement in policy.statements if "s3:DeleteObject" in listed(statement["Action"])
    ]
    assert all(str(resource).endswith("/bundles/nights/*") for resource in deletes), "only checkpoints are removed"
    keys = [statement for statement in policy.statements if "kms:" in str(statement["Action"])]
    assert all(conditions(statement) == {"kms:ViaService"} for statement in keys), "the key opens nothing by itself"


def test_only_the_stream_s_writers_and_tools_see_the_lake(planned: list[Planned]) -> None:
    (serving,) = [
        one
        for one in policies(planned)
        if one.address.startswith('module.workloads.module.identity["serving"].') and one.attribute == "policy"
    ]
    assert "/lake" not in json.dumps(serving.statements)


def test_every_bucket_is_versioned_encrypted_closed_and_by_tls_alone(planned: list[Planned]) -> None:
    buckets = {re.sub(r"^module\.buckets\.aws_s3_bucket\.", "", one.address) for one in of(planned, "aws_s3_bucket")}
    assert len(buckets) == 3
    assert len(of(planned, "aws_s3_bucket_versioning")) == 3
    assert all(
        one.values["versioning_configuration"][0]["status"] == "Enabled"
        for one in of(planned, "aws_s3_bucket_versioning")
    )
    blocks = of(planned, "aws_s3_bucket_public_access_block")
    flags = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert len(blocks) == 3
    assert all(one.values[flag] for one in blocks for flag in flags)
    rules = [one.values["rule"][0] for one in of(planned, "aws_s3_bucket_server_side_encryption_configuration")]
    how = sorted(rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] for rule in rules)
    assert how == ["AES256", "aws:kms", "aws:kms"]
    assert len(of(planned, "aws_s3_bucket_logging")) == 2
    assert len(of(planned, "aws_s3_bucket_lifecycle_configuration")) == 3
    tls = [one for one in policies(planned) if ".aws_s3_bucket_policy." in one.address]
    assert len(tls) == 3
    assert all(any(s.get("Sid") == "TlsOnly" and s["Effect"] == "Deny" for s in one.statements) for one in tls)


def test_what_has_a_key_has_ours(planned: list[Planned]) -> None:
    keyed = {
        "aws_cloudwatch_log_group": "kms_key_id",
        "aws_secretsmanager_secret": "kms_key_id",
        "aws_elasticache_replication_group": "kms_key_id",
    }
    for kind, attribute in keyed.items():
        assert not [one.address for one in of(planned, kind) if "key/" not in str(one.values.get(attribute))]
    assert all(one.values["sqs_managed_sse_enabled"] for one in of(planned, "aws_sqs_queue"))
    kafka = of(planned, "aws_msk_cluster")[0].values["encryption_info"][0]
    assert "key/" in kafka["encryption_at_rest_kms_key_arn"]
    assert not [
        one
        for one in of(planned, "aws_ecr_repository")
        if one.values["encryption_configuration"][0]["encryption_type"] != "KMS"
    ]
    assert all(one.values["enable_key_rotation"] for one in of(planned, "aws_kms_key"))


def test_logs_end_some_day(planned: list[Planned]) -> None:
    assert all(one.values["retention_in_days"] >= 30 for one in of(planned, "aws_cloudwatch_log_group"))


def test_images_are_scanned_and_tags_never_move(planned: list[Planned]) -> None:
    for one in of(planned, "aws_ecr_repository"):
        assert one.values["image_tag_mutability"] == "IMMUTABLE"
        assert one.values["image_scanning_configuration"][0]["scan_on_push"]


def test_nobody_comes_in_from_the_internet(planned: list[Planned]) -> None:
    rules = of(planned, "aws_vpc_security_group_ingress_rule")
    assert not [
        one.address for one in rules if str(one.values.get("cidr_ipv4")) == "0.0.0.0/0" or one.values.get("cidr_ipv6")
    ]
    assert not of_kinds(planned, "aws_security_group_rule", "aws_lb", "aws_instance", "aws_network_acl")
    groups = of(planned, "aws_security_group")
    assert not [one.address for one in groups if one.values.get("ingress")]
    assert not [one.address for one in of(planned, "aws_subnet") if one.values.get("map_public_ip_on_launch")]
    (cluster,) = of(planned, "aws_eks_cluster")
    assert not cluster.values["vpc_config"][0]["endpoint_public_access"]


def test_kafka_and_redis_stand_where_no_way_leads_out(planned: list[Planned]) -> None:
    routes = of(planned, "aws_route")
    assert {one.address.split("[")[0] for one in routes} == {
        "module.network.aws_route.public",
        "module.network.aws_route.private",
    }


def test_metadata_demands_a_session_and_goes_no_further_than_the_node(planned: list[Planned]) -> None:
    for one in of(planned, "aws_launch_template"):
        options = one.values["metadata_options"][0]
        assert (options["http_tokens"], options["http_put_response_hop_limit"]) == ("required", 1)


def test_no_secret_stands_in_a_plan(planned: list[Planned]) -> None:
    for one in planned:
        assert not one.values.get("secret_string"), one.address
        assert not one.values.get("auth_token"), one.address
        assert not one.values.get("passwords"), one.address
        for mode in one.values.get("authentication_mode") or []:
            assert not mode.get("passwords"), one.address


def test_somebody_hears_of_the_costs(planned: list[Planned]) -> None:
    (budget,) = of(planned, "aws_budgets_budget")
    assert {notice["notification_type"] for notice in budget.values["notification"]} == {"ACTUAL", "FORECASTED"}
    assert all(notice["subscriber_email_addresses"] for notice in budget.values["notification"])
