output "arns" {
  description = "The keys' ARNs: data, secrets, cluster, logs."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}
