# What Karpenter may do: make and end nodes of this cluster, and hear in time that one will be taken away.

locals {
  request = { "aws:RequestTag/kubernetes.io/cluster/${var.cluster}" = "owned", "aws:RequestTag/eks:eks-cluster-name" = var.cluster }
  ours    = { "aws:ResourceTag/kubernetes.io/cluster/${var.cluster}" = "owned" }
  ec2     = "arn:${var.partition}:ec2:${var.region}"
  # what Karpenter makes carries both, so that nothing else can be passed off as its own
  made = [for kind in ["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"] : "${local.ec2}:*:${kind}/*"]
}

module "identity" {
  source          = "../identity"
  name            = "karpenter"
  cluster         = var.cluster
  account         = var.account
  namespace       = "karpenter"
  service_account = "karpenter"
  statements = [
    {
      Sid    = "LaunchFromWhatIsThere"
      Effect = "Allow"
      Action = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = [
        "${local.ec2}::image/*", "${local.ec2}::snapshot/*", "${local.ec2}:*:security-group/*", "${local.ec2}:*:subnet/*",
        "${local.ec2}:*:capacity-reservation/*",
      ]
    },
    {
      Sid       = "LaunchByOwnTemplates"
      Effect    = "Allow"
      Action    = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource  = "${local.ec2}:*:launch-template/*"
      Condition = { StringEquals = local.ours, StringLike = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" } }
    },
    {
      Sid       = "MakeWithTags"
      Effect    = "Allow"
      Action    = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]
      Resource  = local.made
      Condition = { StringEquals = local.request, StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" } }
    },
    {
      Sid      = "TagWhatIsMade"
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = local.made
      Condition = {
        StringEquals = merge(local.request, { "ec2:CreateAction" = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"] })
        StringLike   = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
      }
    },
    {
      Sid      = "NameOwnInstances"
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = "${local.ec2}:*:instance/*"
      Condition = {
        StringEquals                = local.ours
        StringLike                  = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
        StringEqualsIfExists        = { "aws:RequestTag/eks:eks-cluster-name" = var.cluster }
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] }
      }
    },
    {
      Sid       = "EndOwn"
      Effect    = "Allow"
      Action    = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      Resource  = ["${local.ec2}:*:instance/*", "${local.ec2}:*:launch-template/*"]
      Condition = { StringEquals = local.ours, StringLike = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" } }
    },
    {
      Sid    = "LookAtWhatThereIs"
      Effect = "Allow"
      Action = [
        "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates", "ec2:DescribeSecurityGroups",
        "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid      = "WhichImage"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = "arn:${var.partition}:ssm:${var.region}::parameter/aws/service/*"
    },
    {
      # the list of prices has no resources, and answers in one region for all
      Sid       = "WhatItCosts"
      Effect    = "Allow"
      Action    = "pricing:GetProducts"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = var.account } }
    },
    {
      Sid       = "GiveNodesTheirRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = var.node_role
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
    },
    {
      Sid      = "KnowTheirProfile"
      Effect   = "Allow"
      Action   = "iam:GetInstanceProfile"
      Resource = "arn:${var.partition}:iam::${var.account}:instance-profile/*"
    },
    {
      # listing has no resources in IAM
      Sid       = "ListProfiles"
      Effect    = "Allow"
      Action    = "iam:ListInstanceProfiles"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = var.account } }
    },
    {
      Sid      = "FindTheCluster"
      Effect   = "Allow"
      Action   = "eks:DescribeCluster"
      Resource = "arn:${var.partition}:eks:${var.region}:${var.account}:cluster/${var.cluster}"
    },
    {
      Sid      = "HearInTime"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      Resource = aws_sqs_queue.interruptions.arn
    },
  ]
}
