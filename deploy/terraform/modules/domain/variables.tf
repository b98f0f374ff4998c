variable "zone" {
  description = "A public Route 53 zone that exists: example.com."
  type        = string
}

variable "host" {
  description = "The API's name in it: moodstream.example.com."
  type        = string
}
