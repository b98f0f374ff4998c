# What the cluster's own programs may do in AWS: read Moodstream's secrets, make its load balancer, write its one name.

module "external_secrets" {
  source          = "../identity"
  name            = "external-secrets"
  cluster         = var.cluster
  account         = var.account
  namespace       = "external-secrets"
  service_account = "external-secrets"
  statements = [
    {
      Sid    = "ReadOwnSecrets"
      Effect = "Allow"
      Action = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
      Resource = [
        for prefix in ["${var.cluster}/", "AmazonMSK_${var.cluster}-"] :
        "arn:${var.partition}:secretsmanager:${var.region}:${var.account}:secret:${prefix}*"
      ]
    },
    {
      Sid       = "OpenThem"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.secrets_key
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
    },
  ]
}

# Only where the domain's zone is Terraform's: names are written there and nowhere else.
module "external_dns" {
  source          = "../identity"
  for_each        = toset(var.zone == null ? [] : ["external-dns"])
  name            = "external-dns"
  cluster         = var.cluster
  account         = var.account
  namespace       = "kube-system"
  service_account = "external-dns"
  statements = [
    {
      Sid      = "WriteTheName"
      Effect   = "Allow"
      Action   = "route53:ChangeResourceRecordSets"
      Resource = var.zone
      Condition = { "ForAllValues:StringLike" = {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [var.host, "*-${var.host}", "*.${var.host}"]
      } }
    },
    {
      Sid      = "ReadTheZone"
      Effect   = "Allow"
      Action   = ["route53:ListResourceRecordSets", "route53:ListTagsForResources"]
      Resource = var.zone
    },
    {
      # listing has no resources in IAM
      Sid       = "FindTheZone"
      Effect    = "Allow"
      Action    = "route53:ListHostedZones"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = var.account } }
    },
  ]
}
