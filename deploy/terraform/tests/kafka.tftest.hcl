# Kafka acknowledges what two of three brokers have, and lets nobody in without TLS and a password.

mock_provider "aws" {
  override_during = plan
}

provider "aws" {
  alias                       = "unasked"
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name          = "moodstream-production"
  account       = "222222222222"
  vpc           = "vpc-0"
  subnets       = ["subnet-a", "subnet-b", "subnet-c"]
  clients       = "sg-nodes"
  keys          = { data = "arn:aws:kms:eu-central-1:222222222222:key/d", secrets = "arn:aws:kms:eu-central-1:222222222222:key/s", logs = "arn:aws:kms:eu-central-1:222222222222:key/l" }
  users         = ["serving", "stream"]
  rotation      = 1
  made_up       = false
  kafka_version = "3.9.x.kraft"
  instance_type = "kafka.m7g.large"
  volume_gb     = 200
  volume_gb_max = 2000
  log_days      = 365
}

run "nothing_acknowledged_is_lost" {
  module {
    source = "./modules/kafka"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3 && length(aws_msk_cluster.this.broker_node_group_info[0].client_subnets) == 3
    error_message = "A broker in each of three zones."
  }
  assert {
    condition = alltrue([for line in ["default.replication.factor=3", "min.insync.replicas=2", "unclean.leader.election.enable=false", "auto.create.topics.enable=false"] :
    contains(split("\n", aws_msk_configuration.this.server_properties), line)])
    error_message = "Two brokers acknowledge, none that lags becomes leader, and no topic is made by a typing error."
  }
}

run "only_by_tls_and_password" {
  module {
    source = "./modules/kafka"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "TLS to brokers and between them."
  }
  assert {
    condition     = !aws_msk_cluster.this.client_authentication[0].unauthenticated && aws_msk_cluster.this.client_authentication[0].sasl[0].scram
    error_message = "A user and a password for everyone."
  }
  assert {
    condition     = aws_msk_cluster.this.broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "No broker is reached from the internet."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.brokers : rule.referenced_security_group_id == "sg-nodes" && rule.cidr_ipv4 == null])
    error_message = "Only nodes and pods come in."
  }
}

run "a_type_of_no_broker_is_refused" {
  module {
    source = "./modules/kafka"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }
  variables {
    instance_type = "m7g.large"
  }
  expect_failures = [var.instance_type]
}
