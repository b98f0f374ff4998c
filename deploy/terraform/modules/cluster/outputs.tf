output "name" {
  description = "The cluster's name, known when it answers."
  value       = aws_eks_cluster.this.name
}

output "arn" {
  description = "The cluster's ARN."
  value       = aws_eks_cluster.this.arn
}

output "security_group" {
  description = "Of every node and pod."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "node_role" {
  description = "ARN of the role of every node."
  value       = aws_iam_role.node.arn
}

output "instance_profile" {
  description = "What Karpenter's nodes get."
  value       = aws_iam_instance_profile.node.name
}
