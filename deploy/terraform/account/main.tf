# Once for each account, before all else: the bucket of Terraform's states, and what no resource of the account may be without.

terraform {
  required_version = "1.11.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
}

data "aws_partition" "this" {}

# Disks are encrypted though nobody says so, Karpenter's too.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

# Instances that say nothing of it demand sessions for their metadata, and pods don't reach it.
resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 1
}

# No bucket of the account can be made public, whatever its policy says.
resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_kms_key" "state" {
  description             = "Terraform's states of Moodstream"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ByIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.this.partition}:iam::${var.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_alias" "state" {
  name          = "alias/moodstream-state"
  target_key_id = aws_kms_key.state.key_id
}
