variable "account" {
  description = "The AWS account's number; in any other nothing is done."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account has twelve digits: aws sts get-caller-identity shows them."
  }
}

variable "region" {
  description = "Where the states are."
  type        = string
}
