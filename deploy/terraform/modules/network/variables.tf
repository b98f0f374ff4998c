variable "name" {
  description = "Of the VPC and all in it: moodstream-staging, say."
  type        = string
}

variable "region" {
  description = "Where the VPC is."
  type        = string
}

variable "account" {
  description = "The account that owns it; endpoints serve no other."
  type        = string
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
}

variable "cidr" {
  description = "The VPC's addresses, a /16: three /19 for nodes and pods, six /24."
  type        = string
  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "The VPC's addresses are an IPv4 /16, such as 10.50.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones: of two, losing one would leave no majority of Kafka's replicas."
  type        = list(string)
  validation {
    condition     = length(distinct(var.zones)) == 3 && length(var.zones) == 3
    error_message = "Name three different availability zones."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone, so that losing a zone costs no other its way out; else one for all."
  type        = bool
}

variable "endpoints" {
  description = "Further AWS services that are asked inside the VPC, each costs by the hour and zone: [\"sqs\", \"elasticloadbalancing\"], say."
  type        = set(string)
}

variable "flow_log_traffic" {
  description = "What of the traffic is logged: ALL, REJECT or ACCEPT."
  type        = string
  validation {
    condition     = contains(["ALL", "REJECT", "ACCEPT"], var.flow_log_traffic)
    error_message = "Flow logs hold ALL, REJECT or ACCEPT."
  }
}

variable "log_days" {
  description = "How long flow logs are kept."
  type        = number
}

variable "logs_key" {
  description = "ARN of the KMS key of logs."
  type        = string
}
