# Redis loses nothing, speaks to nobody without TLS and a password, and outlives a zone.

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
  name           = "moodstream-production"
  namespace      = "moodstream"
  account        = "222222222222"
  vpc            = "vpc-0"
  subnets        = ["subnet-a", "subnet-b", "subnet-c"]
  clients        = "sg-nodes"
  keys           = { data = "arn:aws:kms:eu-central-1:222222222222:key/d", secrets = "arn:aws:kms:eu-central-1:222222222222:key/s", logs = "arn:aws:kms:eu-central-1:222222222222:key/l" }
  engine_version = "8.2"
  node_type      = "cache.r7g.large"
  shards         = 3
  replicas       = 1
  backup_days    = 7
  snapshot       = null
  rotation       = 1
  log_days       = 365
  made_up        = false
}

run "states_are_safe" {
  module {
    source = "./modules/redis"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = { for parameter in aws_elasticache_parameter_group.this.parameter : parameter.name => parameter.value } == { cluster-enabled = "yes", maxmemory-policy = "noeviction" }
    error_message = "A cluster that evicts nothing: users' states would be lost."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "A shard's copy stands in another zone, and takes over by itself."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.snapshot_retention_limit == 7
    error_message = "There are backups."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_mode == "required" && aws_elasticache_replication_group.this.at_rest_encryption_enabled == "true"
    error_message = "TLS alone, and encrypted disks."
  }
}

run "users_may_what_they_must" {
  module {
    source = "./modules/redis"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = !strcontains(output.access.serving, "+@write") && !strcontains(output.access.serving, "+@all")
    error_message = "Serving never writes user state."
  }
  assert {
    condition     = alltrue([for may in values(output.access) : strcontains(may, "-@dangerous") && !strcontains(may, "nopass") && strcontains(may, "~moodstream")])
    error_message = "No user flushes, configures or sees what isn't Moodstream's."
  }
  assert {
    condition     = alltrue([for user in aws_elasticache_user.this : user.authentication_mode[0].type == "iam"])
    error_message = "No password stands in the state."
  }
}

run "one_copy_is_not_enough" {
  module {
    source = "./modules/redis"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }
  variables {
    replicas = 0
  }
  expect_failures = [var.replicas]
}

run "no_backup_is_refused" {
  module {
    source = "./modules/redis"
  }
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }
  variables {
    backup_days = 0
  }
  expect_failures = [var.backup_days]
}
