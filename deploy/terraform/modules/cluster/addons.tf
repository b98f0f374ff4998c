# EKS' add-ons, each at one version; those that ask AWS have a role by Pod Identity.

locals {
  roles = {
    vpc-cni            = { account = "aws-node", policy = "AmazonEKS_CNI_Policy" }
    aws-ebs-csi-driver = { account = "ebs-csi-controller-sa", policy = "service-role/AmazonEBSCSIDriverPolicy" }
  }
  configuration = {
    # a /28 at a time, so that a node holds as many pods as its size allows; and network policies are enforced
    vpc-cni = jsonencode({ enableNetworkPolicy = "true", env = { ENABLE_PREFIX_DELEGATION = "true" } })
    # at first there are the system nodes alone, and an add-on that finds no node holds up the apply
    metrics-server = jsonencode({ tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }] })
  }
  before_nodes = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]
}

resource "aws_iam_role" "addon" {
  for_each = local.roles
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = {
        "aws:SourceAccount"                         = var.account
        "aws:RequestTag/eks-cluster-name"           = var.name
        "aws:RequestTag/kubernetes-namespace"       = "kube-system"
        "aws:RequestTag/kubernetes-service-account" = each.value.account
      } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "addon" {
  for_each   = local.roles
  role       = aws_iam_role.addon[each.key].name
  policy_arn = "arn:${var.partition}:iam::aws:policy/${each.value.policy}"
}

resource "aws_eks_addon" "before_nodes" {
  for_each                    = toset(local.before_nodes)
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = var.addons[each.key]
  configuration_values        = lookup(local.configuration, each.key, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  dynamic "pod_identity_association" {
    for_each = { for name, role in local.roles : name => role if name == each.key }
    content {
      service_account = pod_identity_association.value.account
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
    }
  }
}

resource "aws_eks_addon" "on_nodes" {
  for_each                    = setsubtract(keys(var.addons), local.before_nodes)
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = var.addons[each.key]
  configuration_values        = lookup(local.configuration, each.key, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  depends_on                  = [aws_eks_node_group.system]

  dynamic "pod_identity_association" {
    for_each = { for name, role in local.roles : name => role if name == each.key }
    content {
      service_account = pod_identity_association.value.account
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
    }
  }
}
