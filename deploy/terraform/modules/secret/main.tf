# One secret, made up by AWS: neither Terraform's state nor its plan ever holds it, since what is written is write-only.

ephemeral "aws_secretsmanager_random_password" "this" {
  count               = var.made_up ? 1 : 0
  provider            = aws.made_up
  password_length     = 40
  exclude_punctuation = true # it stands in URLs
}

locals {
  made_up = join("", ephemeral.aws_secretsmanager_random_password.this[*].random_password)
  url     = var.url == null ? {} : { url = replace(var.url, "PASSWORD", local.made_up) }
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:rotation is one number in the tfvars (docs/runbooks/rotate-secrets.md): a function that turned it would hold more rights than what it guards
  name                    = var.name
  description             = var.description
  kms_key_id              = var.key
  recovery_window_in_days = 30
}

# A new `rotation` makes up a new one; the one before stays readable as AWSPREVIOUS.
resource "aws_secretsmanager_secret_version" "this" {
  count                    = var.made_up ? 1 : 0
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = jsonencode(merge(var.fields, local.url, { (var.called) = local.made_up }))
  secret_string_wo_version = var.rotation
}

# Nobody of another account, whatever else is allowed; and who else of AWS may read it.
resource "aws_secretsmanager_secret_policy" "this" {
  secret_arn          = aws_secretsmanager_secret.this.arn
  block_public_policy = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OwnAccountOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "secretsmanager:GetSecretValue"
        Resource  = "*"
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = var.account }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      }],
      [for service in var.readers : {
        Sid       = "AWSKafkaResourcePolicy"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "secretsmanager:getSecretValue"
        Resource  = aws_secretsmanager_secret.this.arn
      }],
    )
  })
}
