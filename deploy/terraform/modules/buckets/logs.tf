# Where the load balancer and S3 write who asked for what.

resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:its own access log would log itself
  #checkov:skip=CKV_AWS_144:logs of access are not worth a second region
  #checkov:skip=CKV_AWS_145:load balancers write to buckets of S3's own encryption alone
  #checkov:skip=CKV2_AWS_62:nothing is to be told of each object
  bucket = "${var.name}-logs-${var.account}"
  tags   = { Name = "${var.name}: access logs" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(local.tls_only, { Resource = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"] }),
      {
        Sid       = "LoadBalancer"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/alb/AWSLogs/${var.account}/*"
        Condition = { ArnLike = { "aws:SourceArn" = "arn:${var.partition}:elasticloadbalancing:${var.region}:${var.account}:loadbalancer/*" } }
      },
      {
        Sid       = "Buckets"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/s3/*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
      },
    ]
  })
  depends_on = [aws_s3_bucket_public_access_block.all]
}
