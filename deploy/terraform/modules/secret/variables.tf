variable "name" {
  description = "The secret's name."
  type        = string
}

variable "description" {
  description = "What it opens, and for whom."
  type        = string
}

variable "key" {
  description = "ARN of the KMS key that it is encrypted by."
  type        = string
}

variable "account" {
  description = "The only account that may read it."
  type        = string
}

variable "called" {
  description = "The name of the made up text within the secret's JSON: password or token."
  type        = string
  default     = "password"
  validation {
    condition     = contains(["password", "token"], var.called)
    error_message = "It is called password or token."
  }
}

variable "fields" {
  description = "What else stands in the JSON, and is no secret: username, host."
  type        = map(string)
  default     = {}
}

variable "url" {
  description = "A URL to be kept in the JSON, with PASSWORD in the place of the password."
  type        = string
  default     = null
}

variable "readers" {
  description = "AWS services that read it by themselves: kafka.amazonaws.com."
  type        = set(string)
  default     = []
}

variable "rotation" {
  description = "Counted up, a new one is made up."
  type        = number
  validation {
    condition     = var.rotation >= 1 && floor(var.rotation) == var.rotation
    error_message = "Rotations are counted: 1, 2, 3."
  }
}

variable "made_up" {
  description = "Whether AWS makes it up; else it stays empty, for other hands to fill."
  type        = bool
}
