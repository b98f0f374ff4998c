# Production: a way out, a broker and a copy of every shard in each of three zones.
environment = "production"
account     = "222222222222" # yours
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
cidr        = "10.50.0.0/16"

administrators = { platform = "arn:aws:iam::222222222222:role/platform" } # yours
api_cidrs      = []

kubernetes_support = "EXTENDED" # an upgrade is begun by us
endpoints          = ["ec2messages", "elasticloadbalancing", "sqs", "ssm", "ssmmessages"]

redis_replicas = 2

# domain = { zone = "example.com", host = "moodstream.example.com" }

monthly_budget = 6000
told           = ["platform@example.com"] # yours
