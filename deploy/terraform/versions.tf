# The versions that all of it was tried with; `.terraform.lock.hcl` holds the provider's hashes.

terraform {
  required_version = "1.11.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Where the state is says `terraform init -backend-config=environments/ENV.s3.tfbackend`.
  backend "s3" {}
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
  default_tags {
    tags = {
      "moodstream:environment" = var.environment
      "moodstream:made-by"     = "terraform"
    }
  }
}

# Makes up passwords and tokens; the same AWS (modules/secret).
provider "aws" {
  alias               = "made_up"
  region              = var.region
  allowed_account_ids = [var.account]
}
