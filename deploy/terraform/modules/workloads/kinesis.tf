# Where events come by Kinesis: the adapter reads one stream, and keeps in one table who reads which shard and how far (docs/kinesis.md).

locals {
  kinesis = toset(var.kinesis_stream == null ? [] : [var.kinesis_stream])
}

resource "aws_dynamodb_table" "leases" {
  for_each     = local.kinesis
  name         = "${var.namespace}.kinesis.${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.data_key
  }

  point_in_time_recovery {
    enabled = true
  }

  deletion_protection_enabled = true
}

module "kinesis" {
  source          = "../identity"
  for_each        = local.kinesis
  name            = "kinesis"
  cluster         = var.cluster
  account         = var.account
  namespace       = var.namespace
  service_account = "kinesis"
  statements = [
    {
      Sid      = "ReadTheStream"
      Effect   = "Allow"
      Action   = ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]
      Resource = "arn:${var.partition}:kinesis:${var.region}:${var.account}:stream/${each.key}"
    },
    {
      Sid      = "KeepLeases"
      Effect   = "Allow"
      Action   = [for action in ["DescribeTable", "Scan", "GetItem", "PutItem", "UpdateItem", "DeleteItem"] : "dynamodb:${action}"]
      Resource = aws_dynamodb_table.leases[each.key].arn
    },
    {
      Sid       = "OpenTheTable"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey"]
      Resource  = var.data_key
      Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com" } }
    },
  ]
}
