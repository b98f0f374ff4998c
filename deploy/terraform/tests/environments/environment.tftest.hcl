# One of environments/*.tfvars, planned whole: `terraform test -test-directory=tests/environments -var-file=environments/staging.tfvars`.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/aws"
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

variables {
  secrets_made_up = false # see tests/production.tftest.hcl
}

run "environment" {
  command   = plan
  providers = { aws = aws, aws.made_up = aws.unasked }

  assert {
    condition     = can(regex("(?m)^KAFKA=.+:9096", output.overlay))
    error_message = "The overlay says where Kafka is."
  }
}
