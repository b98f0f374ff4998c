variable "name" {
  description = "The role is called <cluster>-<name>."
  type        = string
}

variable "cluster" {
  description = "The cluster's name."
  type        = string
}

variable "account" {
  description = "The account that the cluster is in."
  type        = string
}

variable "namespace" {
  description = "The namespace of the service account."
  type        = string
}

variable "service_account" {
  description = "The service account whose pods take the role."
  type        = string
}

variable "statements" {
  description = "What it may do, as statements of an IAM policy."
  type        = any
}
