variable "name" {
  description = "The repositories are called <name>/<image>."
  type        = string
}

variable "images" {
  description = "The targets of deploy/images/Dockerfile."
  type        = set(string)
}

variable "key" {
  description = "ARN of the KMS key of the images."
  type        = string
}

variable "keep" {
  description = "How many images of each stay."
  type        = number
  validation {
    condition     = var.keep >= 10
    error_message = "Keep at least 10, so that there is something to roll back to."
  }
}
