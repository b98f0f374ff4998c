# The AWS Load Balancer Controller: it makes and changes what carries this cluster's tag, in this VPC, and looks at the rest.
# After the policy of its project (kubernetes-sigs/aws-load-balancer-controller, docs/install/iam_policy.json), narrowed to our tag and VPC.

locals {
  tagged  = { StringEquals = { "aws:ResourceTag/elbv2.k8s.aws/cluster" = var.cluster } }
  tagging = { StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = var.cluster } }
  groups  = "arn:${var.partition}:ec2:${var.region}:${var.account}:security-group/*"
  elb     = "arn:${var.partition}:elasticloadbalancing:${var.region}:${var.account}"
  in_vpc  = "arn:${var.partition}:ec2:${var.region}:${var.account}:vpc/${var.vpc}"
}

module "load_balancer" {
  source          = "../identity"
  name            = "load-balancer"
  cluster         = var.cluster
  account         = var.account
  namespace       = "kube-system"
  service_account = "aws-load-balancer-controller"
  statements = [
    {
      Sid       = "ServiceLinkedRole"
      Effect    = "Allow"
      Action    = "iam:CreateServiceLinkedRole"
      Resource  = "arn:${var.partition}:iam::${var.account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = "elasticloadbalancing.amazonaws.com" } }
    },
    {
      # what describes has no resources in IAM
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate", "acm:ListCertificates", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones", "ec2:DescribeCoipPools", "ec2:DescribeInstances", "ec2:DescribeInternetGateways",
        "ec2:DescribeIpamPools", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs", "ec2:GetCoipPoolUsage",
        "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:DescribeCapacityReservation", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates", "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeSSLPolicies", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTrustStores", "shield:GetSubscriptionState",
        "wafv2:GetWebACL", "wafv2:GetWebACLForResource",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid       = "OpenGroupsOfTheVpc"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
      Resource  = local.groups
      Condition = { ArnEquals = { "ec2:Vpc" = local.in_vpc } }
    },
    {
      Sid      = "MakeGroupsInTheVpc"
      Effect   = "Allow"
      Action   = "ec2:CreateSecurityGroup"
      Resource = local.in_vpc
    },
    {
      Sid       = "MakeTaggedGroups"
      Effect    = "Allow"
      Action    = "ec2:CreateSecurityGroup"
      Resource  = local.groups
      Condition = local.tagging
    },
    {
      Sid      = "TagMadeGroups"
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = local.groups
      Condition = { StringEquals = {
        "aws:RequestTag/elbv2.k8s.aws/cluster" = var.cluster
        "ec2:CreateAction"                     = "CreateSecurityGroup"
      } }
    },
    {
      Sid       = "ChangeOwnGroups"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"]
      Resource  = local.groups
      Condition = local.tagged
    },
    {
      Sid       = "MakeTagged"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
      Resource  = ["${local.elb}:loadbalancer/app/*", "${local.elb}:targetgroup/*"]
      Condition = local.tagging
    },
    {
      Sid      = "TagMade"
      Effect   = "Allow"
      Action   = "elasticloadbalancing:AddTags"
      Resource = ["${local.elb}:loadbalancer/app/*", "${local.elb}:targetgroup/*", "${local.elb}:listener/app/*", "${local.elb}:listener-rule/app/*"]
      Condition = { StringEquals = {
        "aws:RequestTag/elbv2.k8s.aws/cluster" = var.cluster
        "elasticloadbalancing:CreateAction"    = ["CreateTargetGroup", "CreateLoadBalancer", "CreateListener", "CreateRule"]
      } }
    },
    {
      Sid    = "ChangeOwn"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateRule", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyIpPools", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule", "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveListenerCertificates", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
        "elasticloadbalancing:SetWebAcl",
      ]
      Resource  = ["${local.elb}:loadbalancer/app/*", "${local.elb}:targetgroup/*", "${local.elb}:listener/app/*", "${local.elb}:listener-rule/app/*"]
      Condition = local.tagged
    },
  ]
}
