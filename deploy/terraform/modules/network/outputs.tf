output "vpc" {
  description = "The VPC's id."
  value       = aws_vpc.this.id
}

output "private_subnets" {
  description = "Ids of the subnets of nodes and pods."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "data_subnets" {
  description = "Ids of the subnets of Kafka and Redis, one a zone."
  value       = [for subnet in aws_subnet.data : subnet.id]
}

output "public_cidrs" {
  description = "Where load balancers are."
  value       = values(local.public)
}

output "private_cidrs" {
  description = "Where nodes, pods and endpoints are."
  value       = values(local.private)
}

output "data_cidrs" {
  description = "Where Kafka and Redis are."
  value       = values(local.data)
}
