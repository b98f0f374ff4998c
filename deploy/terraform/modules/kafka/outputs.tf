output "bootstrap" {
  description = "host:port of each broker, with TLS and SCRAM: MOODSTREAM_KAFKA."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
}

output "arn" {
  description = "The cluster's ARN."
  value       = aws_msk_cluster.this.arn
}

output "secrets" {
  description = "The secret of each user."
  value       = { for name, user in module.user : name => user.name }
}
