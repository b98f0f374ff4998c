variable "name" {
  description = "Of the cluster, and what its users begin with."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name))
    error_message = "ElastiCache takes names of up to 40 small letters, digits and hyphens."
  }
}

variable "namespace" {
  description = "MOODSTREAM_NAMESPACE: what the keys begin with."
  type        = string
}

variable "account" {
  description = "The account that it runs in."
  type        = string
}

variable "vpc" {
  description = "The VPC's id."
  type        = string
}

variable "subnets" {
  description = "Data subnets in three zones."
  type        = list(string)
}

variable "clients" {
  description = "The security group of nodes and pods."
  type        = string
}

variable "keys" {
  description = "ARNs of the KMS keys `data`, `secrets` and `logs`."
  type        = map(string)
}

variable "engine_version" {
  description = "Valkey's version, such as 8.2."
  type        = string
  validation {
    condition     = can(regex("^8\\.[0-9]+$", var.engine_version))
    error_message = "The parameter group is Valkey 8's: name an 8.x version, such as 8.2."
  }
}

variable "node_type" {
  description = "Of each node, such as cache.r7g.large (13 GB)."
  type        = string
  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "Node types begin with `cache.`, such as cache.r7g.large."
  }
}

variable "shards" {
  description = "Among which the keys are divided."
  type        = number
  validation {
    condition     = var.shards >= 1 && var.shards <= 90
    error_message = "A cluster has 1 to 90 shards."
  }
}

variable "replicas" {
  description = "Of each shard, in other zones."
  type        = number
  validation {
    condition     = var.replicas >= 1 && var.replicas <= 5
    error_message = "Without a replica there is nothing to fail over to: give 1 to 5."
  }
}

variable "backup_days" {
  description = "How long the daily snapshots are kept; they hold those who asked to be forgotten since."
  type        = number
  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "Snapshots are kept for 1 to 35 days."
  }
}

variable "snapshot" {
  description = "A snapshot that a new cluster is made of; null: it is made empty."
  type        = string
}

variable "rotation" {
  description = "Counted up, every user gets a new password."
  type        = number
}

variable "log_days" {
  description = "How long its logs are kept."
  type        = number
}

variable "made_up" {
  description = "Whether AWS makes up the passwords; else the secrets stay empty, for other hands to fill."
  type        = bool
}
