variable "cluster" {
  description = "The cluster's name."
  type        = string
}

variable "region" {
  description = "Where the cluster is."
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

variable "vpc" {
  description = "The VPC's id."
  type        = string
}

variable "secrets_key" {
  description = "ARN of the KMS key of Secrets Manager."
  type        = string
}

variable "zone" {
  description = "ARN of the Route 53 zone that names are written to; null: none is."
  type        = string
}

variable "host" {
  description = "The API's name; null without a domain."
  type        = string
}
