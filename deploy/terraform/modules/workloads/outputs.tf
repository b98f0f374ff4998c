output "roles" {
  description = "The role of each service account."
  value       = { for name, identity in module.identity : name => identity.role }
}

output "kubeflow" {
  description = "The nights' role in Kubeflow's namespace; null without one."
  value       = one([for identity in module.kubeflow : identity.role])
}
