variable "name" {
  description = "The keys' aliases begin with it."
  type        = string
}

variable "region" {
  description = "Where the keys are."
  type        = string
}

variable "account" {
  description = "Whose IAM rules the keys."
  type        = string
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
}
