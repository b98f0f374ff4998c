output "role" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn
}
