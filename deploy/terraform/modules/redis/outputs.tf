output "endpoint" {
  description = "Where clients ask for the cluster's nodes."
  value       = aws_elasticache_replication_group.this.configuration_endpoint_address
}

output "arn" {
  description = "The cluster's ARN."
  value       = aws_elasticache_replication_group.this.arn
}

output "users" {
  description = "The users, and the secret of each."
  value       = { for name, user in module.user : aws_elasticache_user.this[name].user_id => user.name }
}

output "access" {
  description = "What each user may do, in Redis' own words."
  value       = local.may
}
