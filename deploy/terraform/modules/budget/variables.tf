variable "name" {
  description = "The budget's name begins with it."
  type        = string
}

variable "environment" {
  description = "Whose costs are counted: what carries the tag moodstream:environment with this value."
  type        = string
}

variable "monthly" {
  description = "What a month may cost, in US dollars."
  type        = number
  validation {
    condition     = var.monthly > 0
    error_message = "Say what a month may cost."
  }
}

variable "told" {
  description = "Mail addresses of who is told."
  type        = set(string)
  validation {
    condition     = length(var.told) > 0 && alltrue([for address in var.told : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", address))])
    error_message = "An alarm that nobody hears is none: give at least one mail address."
  }
}
