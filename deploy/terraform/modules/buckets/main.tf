# The lake and the shelf of bundles: versioned, encrypted by our key, reached by TLS and by this account alone; and a bucket for access logs.

locals {
  kept = {
    lake    = "enriched events, from which all can be made again"
    bundles = "bundles, and the nights' records and checkpoints"
  }
  all = merge(aws_s3_bucket.kept, { logs = aws_s3_bucket.logs })
}

resource "aws_s3_bucket" "kept" {
  #checkov:skip=CKV_AWS_144:a second region is not in the promise; docs/runbooks/restore.md says what is lost with the region
  #checkov:skip=CKV2_AWS_62:nothing is to be told of each object
  #checkov:skip=CKV_AWS_18:it is logged, below: checkov loses one of two by for_each, tests/deploy reads the plan
  #checkov:skip=CKV_AWS_21:it is versioned, as above
  #checkov:skip=CKV_AWS_145:it is encrypted by our key, as above
  #checkov:skip=CKV2_AWS_6:it is closed to the public, as above
  for_each = local.kept
  bucket   = "${var.name}-${each.key}-${var.account}"
  tags     = { Name = "${var.name}: ${each.value}" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "all" {
  for_each = local.all
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.all
  bucket   = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each                = local.all
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "kept" {
  for_each = aws_s3_bucket.kept
  bucket   = each.value.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key
    }
  }
}

resource "aws_s3_bucket_logging" "kept" {
  for_each      = aws_s3_bucket.kept
  bucket        = each.value.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "s3/${each.key}/"
}

resource "aws_s3_bucket_policy" "kept" {
  for_each = aws_s3_bucket.kept
  bucket   = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(local.tls_only, { Resource = [each.value.arn, "${each.value.arn}/*"] }),
      {
        Sid       = "OwnAccountOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [each.value.arn, "${each.value.arn}/*"]
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = var.account }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
    ]
  })
  depends_on = [aws_s3_bucket_public_access_block.all]
}

locals {
  tls_only = {
    Sid       = "TlsOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}
