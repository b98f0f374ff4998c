variable "name" {
  description = "The Kafka cluster's name."
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
  description = "Three data subnets, a broker in each."
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

variable "users" {
  description = "The programs that come in."
  type        = set(string)
}

variable "rotation" {
  description = "Counted up, every user gets a new password."
  type        = number
}

variable "kafka_version" {
  description = "As MSK names it, such as 3.9.x.kraft."
  type        = string
  validation {
    condition     = can(regex("^[3-9]\\.[0-9]+\\.x(\\.kraft)?$", var.kafka_version))
    error_message = "Name the version as MSK does: 3.9.x.kraft, say."
  }
}

variable "instance_type" {
  description = "Of each broker; kafka.m7g.large is the smallest that MSK gives to Kafka 3.9."
  type        = string
  validation {
    condition     = startswith(var.instance_type, "kafka.")
    error_message = "Brokers' instance types begin with `kafka.`, such as kafka.m7g.large."
  }
}

variable "volume_gb" {
  description = "Of each broker's disk at first."
  type        = number
  validation {
    condition     = var.volume_gb >= 10 && var.volume_gb <= 16384
    error_message = "A broker's disk has 10 to 16,384 GB."
  }
}

variable "volume_gb_max" {
  description = "Up to which a disk grows by itself, when 60% of it are full."
  type        = number
}

variable "log_days" {
  description = "How long the brokers' logs are kept."
  type        = number
}

variable "made_up" {
  description = "Whether AWS makes up the passwords; else the secrets stay empty, for other hands to fill."
  type        = bool
}
