variable "cluster" {
  description = "The cluster's name."
  type        = string
}

variable "namespace" {
  description = "The Kubernetes namespace of Moodstream's programs."
  type        = string
}

variable "region" {
  description = "Where all is."
  type        = string
}

variable "account" {
  description = "The account that it is in."
  type        = string
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
}

variable "buckets" {
  description = "ARNs of the buckets `lake` and `bundles`."
  type        = map(string)
}

variable "data_key" {
  description = "ARN of their KMS key."
  type        = string
}

variable "kinesis_stream" {
  description = "A Kinesis stream that `moodstream source kinesis` hands on; null: none."
  type        = string
  validation {
    condition     = var.kinesis_stream == null || can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.kinesis_stream))
    error_message = "Name the Kinesis stream, not its ARN."
  }
}

variable "kubeflow_namespace" {
  description = "The namespace of Kubeflow's pipelines that run the nights, another one than `namespace`; null: none."
  type        = string
  validation {
    condition     = var.kubeflow_namespace == null || (can(regex("^[a-z0-9-]{1,63}$", var.kubeflow_namespace)) && var.kubeflow_namespace != var.namespace)
    error_message = "Kubeflow's pipelines run in a namespace of their own, beside Moodstream's."
  }
}
