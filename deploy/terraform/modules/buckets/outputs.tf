output "names" {
  description = "The buckets' names: lake, bundles, logs."
  value       = { for name, bucket in local.all : name => bucket.bucket }
}

output "arns" {
  description = "Their ARNs."
  value       = { for name, bucket in local.all : name => bucket.arn }
}
