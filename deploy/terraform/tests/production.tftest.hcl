# What production would be made of, planned without an account: AWS is stood in for. tests/deploy reads the same plan for what holds of all resources.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/aws"
}

# Asked for nothing here, as secrets stay empty: Terraform can't stand in for what makes them up. tests/deploy applies that module.
provider "aws" {
  alias                       = "unasked"
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  secrets_made_up = false
  environment     = "production"
  account         = "222222222222"
  region          = "eu-central-1"
  zones           = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  cidr            = "10.50.0.0/16"
  administrators  = { platform = "arn:aws:iam::222222222222:role/platform" }
  endpoints       = ["sqs"]
  redis_replicas  = 2
  kinesis_stream  = "clicks"
  domain          = { zone = "example.com", host = "moodstream.example.com" }
  monthly_budget  = 6000
  told            = ["platform@example.com"]
}

run "network" {
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = length(module.network.private_subnets) == 3 && length(module.network.data_subnets) == 3
    error_message = "Nodes, Kafka and Redis stand in three zones."
  }
  assert {
    condition     = module.network.private_cidrs == ["10.50.32.0/19", "10.50.64.0/19", "10.50.96.0/19"]
    error_message = "The nodes' networks are those that the network policies of deploy/k8s name."
  }
  assert {
    condition     = module.network.data_cidrs == ["10.50.4.0/24", "10.50.5.0/24", "10.50.6.0/24"]
    error_message = "Kafka's and Redis' networks are those that the network policies of deploy/k8s name."
  }
}

run "overlay" {
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = strcontains(output.overlay, "\nLAKE=s3://moodstream-production-lake-222222222222/lake\n")
    error_message = "The overlay says where the lake is."
  }
  assert {
    condition     = strcontains(output.overlay, "\nHOST=moodstream.example.com\n")
    error_message = "The overlay says the API's name."
  }
  assert {
    condition     = strcontains(output.overlay, "\nREGISTRY=222222222222.dkr.ecr.eu-central-1.amazonaws.com\n")
    error_message = "The overlay says where the images are."
  }
  assert {
    condition     = toset(keys(output.registry)) == toset(["serving", "stream", "batch"])
    error_message = "Each image that the Dockerfile builds has its repository."
  }
}

run "two_zones_are_refused" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    name             = "moodstream-production"
    partition        = "aws"
    nat_per_zone     = true
    flow_log_traffic = "ALL"
    log_days         = 365
    logs_key         = "arn:aws:kms:eu-central-1:222222222222:key/l"
    zones            = ["eu-central-1a", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}
