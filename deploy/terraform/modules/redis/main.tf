# Redis by ElastiCache's Valkey: shards with a replica in another zone, TLS, a user for each program, backups, and never a key evicted.

resource "aws_security_group" "nodes" {
  name        = "${var.name}-redis"
  description = "Redis of ${var.name}: only nodes and pods come in"
  vpc_id      = var.vpc
  tags        = { Name = "${var.name}-redis" }
}

resource "aws_vpc_security_group_ingress_rule" "nodes" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Redis from nodes and pods"
  referenced_security_group_id = var.clients
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Where Redis of ${var.name} is"
  subnet_ids  = var.subnets
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-valkey8"
  family      = "valkey8"
  description = "Nothing is evicted: users' states would be lost"

  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = toset(["engine-log", "slow-log"])
  name              = "/moodstream/${var.name}/redis/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.keys.logs
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id = var.name
  description          = "Users' states and counts of ${var.name}"
  engine               = "valkey"
  engine_version       = var.engine_version
  node_type            = var.node_type
  port                 = 6379
  parameter_group_name = aws_elasticache_parameter_group.this.name
  subnet_group_name    = aws_elasticache_subnet_group.this.name
  security_group_ids   = [aws_security_group.nodes.id]

  num_node_groups            = var.shards
  replicas_per_node_group    = var.replicas
  automatic_failover_enabled = true
  multi_az_enabled           = true

  at_rest_encryption_enabled = true
  kms_key_id                 = var.keys.data
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  user_group_ids             = [aws_elasticache_user_group.this.user_group_id]

  snapshot_name              = var.snapshot
  snapshot_retention_limit   = var.backup_days
  snapshot_window            = "01:00-02:00"
  final_snapshot_identifier  = "${var.name}-last"
  maintenance_window         = "sun:02:30-sun:03:30"
  auto_minor_version_upgrade = true
  apply_immediately          = false

  dynamic "log_delivery_configuration" {
    for_each = aws_cloudwatch_log_group.this
    content {
      log_type         = log_delivery_configuration.key
      log_format       = "json"
      destination_type = "cloudwatch-logs"
      destination      = log_delivery_configuration.value.name
    }
  }

  # A snapshot matters on the day that the cluster is made of it; named later, or no more, it would replace the cluster.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [snapshot_name]
  }
}
