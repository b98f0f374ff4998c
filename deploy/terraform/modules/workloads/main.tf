# What each of Moodstream's programs may do in AWS, and no more: read bundles, write the lake, hand on a Kinesis stream.

locals {
  lake    = var.buckets.lake
  bundles = var.buckets.bundles

  read = { for name, arn in { lake = local.lake, bundles = local.bundles } : name => [
    { Sid = "List${title(name)}", Effect = "Allow", Action = "s3:ListBucket", Resource = arn },
    { Sid = "Read${title(name)}", Effect = "Allow", Action = "s3:GetObject", Resource = "${arn}/${name}/*" },
  ] }
  write = { for name, arn in { lake = local.lake, bundles = local.bundles } : name => [
    { Sid = "Write${title(name)}", Effect = "Allow", Action = ["s3:PutObject", "s3:AbortMultipartUpload"], Resource = "${arn}/${name}/*" },
  ] }
  # a checkpoint that is of no more use is removed: with versions on, even that can be undone
  clear = [{ Sid = "RemoveCheckpoints", Effect = "Allow", Action = "s3:DeleteObject", Resource = "${local.bundles}/bundles/nights/*" }]
  # only through S3, so that the key opens nothing by itself
  through_s3 = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
  decrypt    = [{ Sid = "Decrypt", Effect = "Allow", Action = "kms:Decrypt", Resource = var.data_key, Condition = local.through_s3 }]
  encrypt    = [{ Sid = "Encrypt", Effect = "Allow", Action = "kms:GenerateDataKey", Resource = var.data_key, Condition = local.through_s3 }]

  may = {
    serving = concat(local.read.bundles, local.decrypt)
    stream  = concat(local.read.bundles, local.read.lake, local.write.lake, local.decrypt, local.encrypt)
    nightly = concat(local.read.bundles, local.read.lake, local.write.bundles, local.clear, local.decrypt, local.encrypt)
    tools   = concat(local.read.bundles, local.read.lake, local.write.bundles, local.write.lake, local.clear, local.decrypt, local.encrypt)
  }
}

module "identity" {
  source          = "../identity"
  for_each        = local.may
  name            = each.key
  cluster         = var.cluster
  account         = var.account
  namespace       = var.namespace
  service_account = each.key
  statements      = each.value
}

