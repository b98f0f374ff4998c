# What an environment may choose; environments/*.tfvars choose. The rest is the same everywhere.

variable "environment" {
  description = "staging or production; everything is called moodstream-<environment>."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,14}$", var.environment))
    error_message = "An environment is named by 2 to 15 small letters and digits, such as staging."
  }
}

variable "account" {
  description = "The AWS account's number; in any other nothing is done."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account has twelve digits: aws sts get-caller-identity shows them."
  }
}

variable "region" {
  description = "Where all of it is, such as eu-central-1."
  type        = string
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Name a region, such as eu-central-1."
  }
}

variable "zones" {
  description = "Three availability zones of the region, by name: a zone that AWS opens later would push another out."
  type        = list(string)
}

variable "cidr" {
  description = "The VPC's addresses, a /16 that no network has which it may ever be joined with."
  type        = string
}

variable "nat_per_zone" {
  description = "A way out in each zone, so that losing one costs no other's."
  type        = bool
  default     = true
}

variable "endpoints" {
  description = "AWS services asked inside the VPC, beside the eight that are always: [\"sqs\", \"ssm\"], say."
  type        = set(string)
  default     = []
}

variable "flow_log_traffic" {
  description = "ALL: who spoke with whom. REJECT: who was refused, much cheaper."
  type        = string
  default     = "ALL"
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 365
  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_days)
    error_message = "CloudWatch keeps logs for 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096 or 1827 days."
  }
}

variable "administrators" {
  description = "Who administers the cluster: names of yours, and ARNs of IAM roles or users."
  type        = map(string)
}

variable "api_cidrs" {
  description = "Networks from which the Kubernetes API is reached over the internet; none: inside the VPC alone."
  type        = set(string)
  default     = []
}

variable "kubernetes_version" {
  description = "Kubernetes' minor version."
  type        = string
  default     = "1.35"
}

variable "kubernetes_support" {
  description = "STANDARD or EXTENDED: what happens when the version's standard support ends."
  type        = string
  default     = "STANDARD"
}

variable "bottlerocket" {
  description = "The release of the system nodes' image; null: the newest of the version when the group is made."
  type        = string
  default     = null
}

variable "addons" {
  description = "EKS' add-ons and their versions, for kubernetes_version."
  type        = map(string)
  default = {
    aws-ebs-csi-driver     = "v1.56.0-eksbuild.1"
    coredns                = "v1.13.2-eksbuild.1"
    eks-pod-identity-agent = "v1.3.10-eksbuild.2"
    kube-proxy             = "v1.35.0-eksbuild.2"
    metrics-server         = "v0.8.0-eksbuild.6"
    vpc-cni                = "v1.21.1-eksbuild.3"
  }
}

variable "system_instance_types" {
  description = "Of the three nodes of the cluster's own programs."
  type        = list(string)
  default     = ["m7i.large", "m6i.large"]
}

variable "kafka_version" {
  description = "Kafka's version, as MSK names it."
  type        = string
  default     = "3.9.x.kraft"
}

variable "kafka_instance_type" {
  description = "Of each of the three brokers."
  type        = string
  default     = "kafka.m7g.large"
}

variable "kafka_volume_gb" {
  description = "Each broker's disk at first."
  type        = number
  default     = 200
}

variable "kafka_volume_gb_max" {
  description = "Up to which it grows by itself."
  type        = number
  default     = 2000
}

variable "redis_version" {
  description = "Valkey's version."
  type        = string
  default     = "8.2"
}

variable "redis_node_type" {
  description = "Of each node; three quarters of its memory hold keys."
  type        = string
  default     = "cache.r7g.large"
}

variable "redis_shards" {
  description = "Among which the users are divided."
  type        = number
  default     = 3
}

variable "redis_replicas" {
  description = "Of each shard, in other zones."
  type        = number
  default     = 1
}

variable "redis_backup_days" {
  description = "How long its daily snapshots are kept."
  type        = number
  default     = 7
}

variable "redis_snapshot" {
  description = "A snapshot that Redis is made of when it is made (docs/runbooks/lose-redis.md); null: it is made empty."
  type        = string
  default     = null
}

variable "rotations" {
  description = "Counted up, what is named is made up anew (docs/runbooks/rotate-secrets.md)."
  type = object({
    api   = optional(number, 1)
    admin = optional(number, 1)
    kafka = optional(number, 1)
    redis = optional(number, 1)
  })
  default = {}
}

variable "secrets_made_up" {
  description = "Whether AWS makes up passwords and tokens; false: the secrets stay empty, for another vault's hands to fill."
  type        = bool
  default     = true
}

variable "undo_days" {
  description = "How long what was overwritten or deleted in the buckets can be brought back."
  type        = number
  default     = 30
}

variable "lake_days" {
  description = "How long events stay in the lake; null: for ever."
  type        = number
  default     = null
}

variable "images_kept" {
  description = "How many images of each program the registry keeps."
  type        = number
  default     = 50
}

variable "kinesis_stream" {
  description = "A Kinesis stream in the same account whose records are handed on to Kafka; null: none."
  type        = string
  default     = null
}

variable "kubeflow_namespace" {
  description = "The namespace of Kubeflow's pipelines, where they run the nights (docs/deploy/kubeflow.md); null: the CronJob does."
  type        = string
  default     = null
}

variable "domain" {
  description = "A public Route 53 zone that exists, and the API's name in it; null: no certificate is made, and no name written."
  type        = object({ zone = string, host = string })
  default     = null
}

variable "monthly_budget" {
  description = "What a month may cost, in US dollars."
  type        = number
}

variable "told" {
  description = "Mail addresses of who is told when it costs more."
  type        = set(string)
}
