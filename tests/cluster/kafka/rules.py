"""Gives Kafka the rules of /config/rules.json as soon as it answers inside its pod; then /run-here/ready says so."""

import json
import time
from pathlib import Path

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)
from kafka.errors import KafkaError

_PATTERNS = {"literal": ACLResourcePatternType.LITERAL, "prefix": ACLResourcePatternType.PREFIXED}


def admin() -> KafkaAdminClient:
    while True:
        try:
            return KafkaAdminClient(bootstrap_servers="127.0.0.1:9091")
        except (KafkaError, OSError):
            time.sleep(1)


rules = [
    ACL(
        f"User:{user}",
        "*",
        ACLOperation[operation.upper()],
        ACLPermissionType.ALLOW,
        ResourcePattern(
            ResourceType[rule["resource"]["type"].upper()],
            rule["resource"]["name"],
            _PATTERNS[rule["resource"]["patternType"]],
        ),
    )
    for user, granted in json.loads(Path("/config/rules.json").read_text()).items()
    for rule in granted
    for operation in rule["operations"]
]
admin().create_acls(rules)
Path("/run-here/ready").touch()
