# Moodstream in one AWS account and region: each module is one idea, and this page says how they stand together.

data "aws_partition" "this" {}

locals {
  name      = "moodstream-${var.environment}"
  partition = data.aws_partition.this.partition
  namespace = "moodstream"
  images    = ["serving", "stream", "batch"]
  users     = setunion(["serving", "stream", "nightly", "tools", "keda"], var.kinesis_stream == null ? [] : ["kinesis"])
}

module "keys" {
  source    = "./modules/keys"
  name      = local.name
  region    = var.region
  account   = var.account
  partition = local.partition
}

module "network" {
  source           = "./modules/network"
  name             = local.name
  region           = var.region
  account          = var.account
  partition        = local.partition
  cidr             = var.cidr
  zones            = var.zones
  nat_per_zone     = var.nat_per_zone
  endpoints        = var.endpoints
  flow_log_traffic = var.flow_log_traffic
  log_days         = var.log_days
  logs_key         = module.keys.arns.logs
}

module "cluster" {
  source                = "./modules/cluster"
  name                  = local.name
  account               = var.account
  partition             = local.partition
  subnets               = module.network.private_subnets
  keys                  = module.keys.arns
  kubernetes_version    = var.kubernetes_version
  support               = var.kubernetes_support
  bottlerocket          = var.bottlerocket
  addons                = var.addons
  api_cidrs             = var.api_cidrs
  administrators        = var.administrators
  system_instance_types = var.system_instance_types
  log_days              = var.log_days
}

module "karpenter" {
  source    = "./modules/karpenter"
  cluster   = module.cluster.name
  region    = var.region
  account   = var.account
  partition = local.partition
  node_role = module.cluster.node_role
}

module "kafka" {
  source        = "./modules/kafka"
  providers     = { aws = aws, aws.made_up = aws.made_up }
  name          = local.name
  account       = var.account
  vpc           = module.network.vpc
  subnets       = module.network.data_subnets
  clients       = module.cluster.security_group
  keys          = module.keys.arns
  users         = local.users
  rotation      = var.rotations.kafka
  made_up       = var.secrets_made_up
  kafka_version = var.kafka_version
  instance_type = var.kafka_instance_type
  volume_gb     = var.kafka_volume_gb
  volume_gb_max = var.kafka_volume_gb_max
  log_days      = var.log_days
}

module "redis" {
  source         = "./modules/redis"
  providers      = { aws = aws, aws.made_up = aws.made_up }
  name           = local.name
  namespace      = local.namespace
  account        = var.account
  vpc            = module.network.vpc
  subnets        = module.network.data_subnets
  clients        = module.cluster.security_group
  keys           = module.keys.arns
  engine_version = var.redis_version
  node_type      = var.redis_node_type
  shards         = var.redis_shards
  replicas       = var.redis_replicas
  backup_days    = var.redis_backup_days
  snapshot       = var.redis_snapshot
  rotation       = var.rotations.redis
  made_up        = var.secrets_made_up
  log_days       = var.log_days
}

module "token" {
  source      = "./modules/secret"
  providers   = { aws = aws, aws.made_up = aws.made_up }
  for_each    = { api = "What the API demands as `Authorization: Bearer`", admin = "What opens /admin" }
  name        = "${local.name}/${each.key}-token"
  description = each.value
  key         = module.keys.arns.secrets
  account     = var.account
  called      = "token"
  rotation    = var.rotations[each.key]
  made_up     = var.secrets_made_up
}

module "buckets" {
  source    = "./modules/buckets"
  name      = local.name
  region    = var.region
  account   = var.account
  partition = local.partition
  key       = module.keys.arns.data
  undo_days = var.undo_days
  lake_days = var.lake_days
  log_days  = var.log_days
}

module "registry" {
  source = "./modules/registry"
  name   = local.name
  images = local.images
  key    = module.keys.arns.data
  keep   = var.images_kept
}

module "workloads" {
  source             = "./modules/workloads"
  cluster            = module.cluster.name
  namespace          = local.namespace
  region             = var.region
  account            = var.account
  partition          = local.partition
  buckets            = module.buckets.arns
  data_key           = module.keys.arns.data
  kinesis_stream     = var.kinesis_stream
  kubeflow_namespace = var.kubeflow_namespace
}

module "domain" {
  source   = "./modules/domain"
  for_each = toset(var.domain == null ? [] : ["domain"])
  zone     = var.domain.zone
  host     = var.domain.host
}

module "controllers" {
  source      = "./modules/controllers"
  cluster     = module.cluster.name
  region      = var.region
  account     = var.account
  partition   = local.partition
  vpc         = module.network.vpc
  secrets_key = module.keys.arns.secrets
  zone        = one([for domain in module.domain : domain.zone])
  host        = one(var.domain[*].host)
}

module "budget" {
  source      = "./modules/budget"
  name        = local.name
  environment = var.environment
  monthly     = var.monthly_budget
  told        = var.told
}
