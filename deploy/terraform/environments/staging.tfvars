# Staging: all of production's parts, as small as they come.
environment = "staging"
account     = "111111111111" # yours
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
cidr        = "10.40.0.0/16"

administrators = { platform = "arn:aws:iam::111111111111:role/platform" } # yours
api_cidrs      = []                                                       # or your office's: ["203.0.113.0/24"]

nat_per_zone     = false # one way out for all: losing its zone stops what asks the internet
flow_log_traffic = "REJECT"
log_days         = 90

kafka_volume_gb   = 50
redis_node_type   = "cache.t4g.medium"
redis_shards      = 1
redis_backup_days = 1

monthly_budget = 2000
told           = ["platform@example.com"] # yours
