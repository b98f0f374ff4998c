# The Kubernetes API isn't open to the world, secrets are encrypted, and nodes give their role to no pod.

mock_provider "aws" {
  override_during = plan
}

variables {
  name                  = "moodstream-production"
  account               = "222222222222"
  partition             = "aws"
  subnets               = ["subnet-a", "subnet-b", "subnet-c"]
  keys                  = { cluster = "arn:aws:kms:eu-central-1:222222222222:key/c", logs = "arn:aws:kms:eu-central-1:222222222222:key/l" }
  kubernetes_version    = "1.35"
  support               = "EXTENDED"
  bottlerocket          = null
  addons                = { vpc-cni = "v1.21.1-eksbuild.3", kube-proxy = "v1.35.0-eksbuild.2", coredns = "v1.13.2-eksbuild.1", eks-pod-identity-agent = "v1.3.10-eksbuild.2" }
  api_cidrs             = []
  administrators        = { platform = "arn:aws:iam::222222222222:role/platform" }
  system_instance_types = ["m7i.large"]
  log_days              = 365
}

run "the_api_is_private" {
  module {
    source = "./modules/cluster"
  }
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API is reached inside the VPC alone."
  }
  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5
    error_message = "All that the control plane does is logged, the audit first of all."
  }
  assert {
    condition     = contains(aws_eks_cluster.this.encryption_config[0].resources, "secrets") && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.keys.cluster
    error_message = "Secrets are encrypted by our key."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Only who is named comes in."
  }
}

run "nodes_keep_their_role" {
  module {
    source = "./modules/cluster"
  }
  command = plan

  assert {
    condition     = aws_launch_template.system.metadata_options[0].http_tokens == "required" && aws_launch_template.system.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv2, one hop: no pod takes the node's role."
  }
  assert {
    condition     = alltrue([for disk in aws_launch_template.system.block_device_mappings : disk.ebs[0].encrypted == "true"])
    error_message = "Disks are encrypted."
  }
  assert {
    condition     = !contains([for attachment in aws_iam_role_policy_attachment.node : attachment.policy_arn], "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")
    error_message = "Addresses are the CNI's business, by its own role."
  }
}

run "an_office_may_be_let_in" {
  module {
    source = "./modules/cluster"
  }
  command = plan
  variables {
    api_cidrs = ["203.0.113.0/24"]
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The office, and nobody else."
  }
}

run "the_whole_world_may_not" {
  module {
    source = "./modules/cluster"
  }
  command = plan
  variables {
    api_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_cidrs]
}

run "add_ons_have_versions" {
  module {
    source = "./modules/cluster"
  }
  command = plan
  variables {
    addons = { vpc-cni = "latest", kube-proxy = "v1.35.0-eksbuild.2", coredns = "v1.13.2-eksbuild.1", eks-pod-identity-agent = "v1.3.10-eksbuild.2" }
  }
  expect_failures = [var.addons]
}

run "somebody_administers_it" {
  module {
    source = "./modules/cluster"
  }
  command = plan
  variables {
    administrators = {}
  }
  expect_failures = [var.administrators]
}
