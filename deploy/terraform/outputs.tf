# What comes out: for people, for scripts, and for the overlays of deploy/k8s.

output "cluster" {
  description = "For `aws eks update-kubeconfig --name`."
  value       = module.cluster.name
}

output "registry" {
  description = "Where each image is pushed."
  value       = module.registry.urls
}

output "buckets" {
  description = "The buckets' names."
  value       = module.buckets.names
}

output "kafka" {
  description = "MOODSTREAM_KAFKA: the brokers, with TLS and SCRAM."
  value       = module.kafka.bootstrap
}

output "redis_users" {
  description = "Redis' users and the secret of each, for `set-redis-passwords`."
  value       = module.redis.users
}

output "secrets" {
  description = "The names of the secrets that External Secrets reads."
  value = merge(
    { for name, secret in module.token : "${name}-token" => secret.name },
    { for name, secret in module.kafka.secrets : "kafka-${name}" => secret },
    { for user, secret in module.redis.users : "redis-${trimprefix(user, "${local.name}-")}" => secret },
  )
}

output "overlay" {
  description = "KEY=VALUE lines for deploy/k8s/overlays/<environment>/aws.env: `terraform output -raw overlay`."
  value       = join("", [for key, value in local.overlay : "${key}=${value}\n"])
}

locals {
  overlay = {
    ACCOUNT            = var.account
    BUNDLES            = "s3://${module.buckets.names.bundles}/bundles"
    CERTIFICATE_ARN    = join("", [for domain in module.domain : domain.certificate])
    CLUSTER            = module.cluster.name
    DATA_CIDRS         = join(",", module.network.data_cidrs)
    HOST               = var.domain == null ? "" : var.domain.host
    INSTANCE_PROFILE   = module.cluster.instance_profile
    INTERRUPTION_QUEUE = module.karpenter.queue
    KAFKA              = module.kafka.bootstrap
    LAKE               = "s3://${module.buckets.names.lake}/lake"
    LOGS_BUCKET        = module.buckets.names.logs
    PRIVATE_CIDRS      = join(",", module.network.private_cidrs)
    PUBLIC_CIDRS       = join(",", module.network.public_cidrs)
    REGION             = var.region
    REGISTRY           = "${var.account}.dkr.ecr.${var.region}.amazonaws.com"
    VPC_CIDR           = var.cidr
    VPC_ID             = module.network.vpc
  }
}
