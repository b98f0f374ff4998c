# Serving reads, stream writes, tools also list and wipe namespaces: each by a user of its own.

locals {
  # what a client of a cluster asks before anything else, and what is asked of noeviction
  asks = "+@connection +info +command +cluster|slots +cluster|shards +cluster|nodes +cluster|myid +readonly +readwrite"
  may = {
    # it reads by scripts, too: what a script calls is held against the same rules
    serving = "on ~${var.namespace}:* -@all +@read +eval +evalsha -@dangerous ${local.asks}"
    stream  = "on ~${var.namespace}:* -@all +@read +@write +@scripting -@dangerous -script|kill -function ${local.asks}"
    # a replay fills namespaces of its own, so not this one's keys alone
    tools = "on ~${var.namespace}* -@all +@read +@write +@scripting -@dangerous +keys -script|kill -function ${local.asks}"
  }
}

# A user begins without a password: only an IAM identity of the same name could come in, and there is none. The password comes from
# Secrets Manager by `deploy/terraform/set-redis-passwords`, so that the state never holds it.
resource "aws_elasticache_user" "this" {
  for_each      = local.may
  user_id       = "${var.name}-${each.key}"
  user_name     = "${var.name}-${each.key}"
  engine        = "valkey"
  access_string = each.value

  authentication_mode {
    type = "iam"
  }

  lifecycle {
    ignore_changes = [authentication_mode]
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = var.name
  engine        = "valkey"
  user_ids      = [for user in aws_elasticache_user.this : user.user_id]
}

module "user" {
  source      = "../secret"
  providers   = { aws = aws, aws.made_up = aws.made_up }
  for_each    = aws_elasticache_user.this
  name        = "${var.name}/redis/${each.key}"
  description = "Redis' user ${each.value.user_name}"
  key         = var.keys.secrets
  account     = var.account
  fields = {
    username = each.value.user_name
    host     = aws_elasticache_replication_group.this.configuration_endpoint_address
    port     = "6379"
  }
  url      = "rediss://${each.value.user_name}:PASSWORD@${aws_elasticache_replication_group.this.configuration_endpoint_address}:6379/0"
  rotation = var.rotation
  made_up  = var.made_up
}
