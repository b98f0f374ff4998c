# What production would be made of, planned without an account: AWS is stood in for, and what only AWS knows is made up here.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/aws"
}

variables {
  secrets_made_up = false # Terraform can't stand in for what makes them up; tests/deploy applies that module for real
}

provider "aws" {
  alias                       = "unasked"
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "production" {
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = length(module.network.private_subnets) == 3
    error_message = "three zones"
  }
}
