output "roles" {
  description = "The role of each service account."
  value       = { for name, identity in module.identity : name => identity.role }
}
