# `made_up` is the same AWS: a provider of its own, since tests can't stand in for what makes up secrets.

terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.made_up]
    }
  }
}
