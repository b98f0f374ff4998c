variable "name" {
  description = "The cluster's name."
  type        = string
}

variable "account" {
  description = "The account that it runs in."
  type        = string
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
}

variable "subnets" {
  description = "Private subnets in three zones."
  type        = list(string)
}

variable "keys" {
  description = "ARNs of the KMS keys `cluster` and `logs`."
  type        = map(string)
}

variable "kubernetes_version" {
  description = "The minor version, such as 1.35. EKS goes up one at a time (docs/deploy/aws.md)."
  type        = string
  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "Give a minor version of Kubernetes, such as 1.35."
  }
}

variable "support" {
  description = "STANDARD: EKS upgrades by itself when standard support ends. EXTENDED: it stays a year longer, at six times the price."
  type        = string
  validation {
    condition     = contains(["STANDARD", "EXTENDED"], var.support)
    error_message = "The support of the version is STANDARD or EXTENDED."
  }
}

variable "bottlerocket" {
  description = "The release of the nodes' image, such as 1.53.0-abcdef01; null takes the newest one of the version once, and no later one."
  type        = string
}

variable "addons" {
  description = "Each add-on and its version. `aws eks describe-addon-versions --kubernetes-version 1.35 --addon-name vpc-cni` lists what there is."
  type        = map(string)
  validation {
    condition     = length(setsubtract(["vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"], keys(var.addons))) == 0
    error_message = "Without vpc-cni, kube-proxy, coredns and eks-pod-identity-agent there is no cluster."
  }
  validation {
    condition     = alltrue([for version in values(var.addons) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))])
    error_message = "Name each add-on's exact version, such as v1.13.2-eksbuild.1: `latest` would change by itself."
  }
}

variable "api_cidrs" {
  description = "Addresses that reach the Kubernetes API over the internet; none: it is reached inside the VPC alone."
  type        = set(string)
  validation {
    condition     = alltrue([for cidr in var.api_cidrs : can(cidrhost(cidr, 0)) && tonumber(split("/", cidr)[1]) >= 16])
    error_message = "Name your own networks (/16 or smaller): the Kubernetes API is not for the whole internet."
  }
}

variable "administrators" {
  description = "Who administers the cluster: a name of yours and the ARN of an IAM role or user."
  type        = map(string)
  validation {
    condition     = length(var.administrators) > 0 && alltrue([for arn in values(var.administrators) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "Name at least one administrator by the ARN of an IAM role or user, else nobody could come in."
  }
}

variable "system_instance_types" {
  description = "Of the nodes that hold the cluster's own programs (x86)."
  type        = list(string)
}

variable "log_days" {
  description = "How long the control plane's logs are kept."
  type        = number
}
