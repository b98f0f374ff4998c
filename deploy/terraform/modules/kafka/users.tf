# A user for each program; what each may do is said by Kafka's own ACLs (docs/deploy/aws.md).

module "user" {
  source      = "../secret"
  providers   = { aws = aws, aws.made_up = aws.made_up }
  for_each    = var.users
  name        = "AmazonMSK_${var.name}-${each.key}" # MSK takes only such names
  description = "Kafka's user ${each.key} of ${var.name}"
  key         = var.keys.secrets
  account     = var.account
  fields      = { username = each.key }
  readers     = ["kafka.amazonaws.com"]
  rotation    = var.rotation
  made_up     = var.made_up
}

resource "aws_msk_scram_secret_association" "users" {
  cluster_arn     = aws_msk_cluster.this.arn
  secret_arn_list = [for user in module.user : user.arn]
}
