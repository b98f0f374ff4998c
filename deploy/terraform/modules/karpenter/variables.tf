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

variable "node_role" {
  description = "ARN of the role that its nodes get, and no other."
  type        = string
}
