variable "name" {
  description = "The buckets are called <name>-lake-<account>, and so on."
  type        = string
}

variable "region" {
  description = "Where they are."
  type        = string
}

variable "account" {
  description = "The only account that reaches them."
  type        = string
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
}

variable "key" {
  description = "ARN of the KMS key of lake and bundles."
  type        = string
}

variable "undo_days" {
  description = "How long what was overwritten or deleted can be brought back."
  type        = number
  validation {
    condition     = var.undo_days >= 1
    error_message = "Versions are of no use without a day to find out."
  }
}

variable "lake_days" {
  description = "How long events stay in the lake; null: for ever. States can be made again from what is there, no further."
  type        = number
  validation {
    condition     = var.lake_days == null || coalesce(var.lake_days, 0) >= 30
    error_message = "A lake of less than 30 days holds less than Kafka: give null or 30 and more."
  }
}

variable "log_days" {
  description = "How long access logs are kept."
  type        = number
}
