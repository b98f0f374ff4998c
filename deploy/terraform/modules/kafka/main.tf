# Kafka by MSK: three brokers in three zones, two of which acknowledge; TLS, a user and password for each program, no way in from outside.

resource "aws_security_group" "brokers" {
  name        = "${var.name}-kafka"
  description = "Kafka of ${var.name}: only nodes and pods come in"
  vpc_id      = var.vpc
  tags        = { Name = "${var.name}-kafka" }
}

locals {
  ports = { scram = 9096, jmx-exporter = 11001, node-exporter = 11002 }
}

resource "aws_vpc_security_group_ingress_rule" "brokers" {
  for_each                     = local.ports
  security_group_id            = aws_security_group.brokers.id
  description                  = "${each.key} from nodes and pods"
  referenced_security_group_id = var.clients
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_cloudwatch_log_group" "brokers" {
  name              = "/moodstream/${var.name}/kafka"
  retention_in_days = var.log_days
  kms_key_id        = var.keys.logs
}

# Topics say their own retention (contracts/topics.py), and are made by `moodstream topics` alone.
resource "aws_msk_configuration" "this" {
  name              = "${var.name}-${replace(var.kafka_version, ".", "-")}"
  kafka_versions    = [var.kafka_version]
  server_properties = join("\n", [for name, value in local.properties : "${name}=${value}"])

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  properties = {
    "auto.create.topics.enable"      = "false"
    "default.replication.factor"     = "3"
    "min.insync.replicas"            = "2"
    "num.partitions"                 = "1"
    "offsets.retention.minutes"      = "43200"
    "unclean.leader.election.enable" = "false"
  }
}

resource "aws_msk_cluster" "this" {
  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = 3
  enhanced_monitoring    = "PER_BROKER"

  broker_node_group_info {
    instance_type   = var.instance_type
    client_subnets  = var.subnets
    security_groups = [aws_security_group.brokers.id]

    storage_info {
      ebs_storage_info {
        volume_size = var.volume_gb
      }
    }

    connectivity_info {
      public_access {
        type = "DISABLED"
      }
    }
  }

  client_authentication {
    unauthenticated = false
    sasl {
      scram = true
      iam   = false
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = var.keys.data
    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this.arn
    revision = aws_msk_configuration.this.latest_revision
  }

  open_monitoring {
    prometheus {
      jmx_exporter {
        enabled_in_broker = true
      }
      node_exporter {
        enabled_in_broker = true
      }
    }
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.brokers.name
      }
    }
  }

  # Its disks grow by themselves, below.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]
  }
}

resource "aws_appautoscaling_target" "disks" {
  service_namespace  = "kafka"
  scalable_dimension = "kafka:broker-storage:VolumeSize"
  resource_id        = aws_msk_cluster.this.arn
  min_capacity       = 1
  max_capacity       = var.volume_gb_max
}

resource "aws_appautoscaling_policy" "disks" {
  name               = "${var.name}-kafka-disks"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.disks.service_namespace
  scalable_dimension = aws_appautoscaling_target.disks.scalable_dimension
  resource_id        = aws_appautoscaling_target.disks.resource_id

  target_tracking_scaling_policy_configuration {
    target_value     = 60
    disable_scale_in = true # a disk of Kafka never shrinks
    predefined_metric_specification {
      predefined_metric_type = "KafkaBrokerStorageUtilization"
    }
  }
}
