# Four keys, so that who may read logs needn't be able to read what users did: data, secrets, cluster, logs.

locals {
  # which AWS services may use the key for this account, beside those whom IAM lets
  keys = {
    data    = { what = "lake, bundles, Kafka's and Redis' disks, images", services = [] }
    secrets = { what = "Secrets Manager", services = [] }
    cluster = { what = "Kubernetes' secrets", services = [] }
    logs    = { what = "logs", services = ["logs.${var.region}.amazonaws.com"] }
  }
}

resource "aws_kms_key" "this" {
  for_each                = local.keys
  description             = "${var.name}: ${each.value.what}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "ByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }],
      [for service in each.value.services : {
        Sid       = "By${title(split(".", service)[0])}"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${var.partition}:logs:${var.region}:${var.account}:*" } }
      }],
    )
  })
}

resource "aws_kms_alias" "this" {
  for_each      = aws_kms_key.this
  name          = "alias/${var.name}-${each.key}"
  target_key_id = each.value.key_id
}
