output "arn" {
  description = "The secret's ARN, known when it has its first value."
  value       = one(concat(aws_secretsmanager_secret_version.this[*].arn, var.made_up ? [] : [aws_secretsmanager_secret.this.arn]))
  depends_on  = [aws_secretsmanager_secret_policy.this]
}

output "name" {
  description = "The secret's name."
  value       = aws_secretsmanager_secret.this.name
}
