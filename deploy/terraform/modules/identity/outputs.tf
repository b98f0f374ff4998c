output "role" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn
}

output "binding" {
  description = "Whose pods take it."
  value       = { namespace = aws_eks_pod_identity_association.this.namespace, service_account = aws_eks_pod_identity_association.this.service_account }
}

output "policy" {
  description = "What it may do, in JSON."
  value       = aws_iam_role_policy.this.policy
}
