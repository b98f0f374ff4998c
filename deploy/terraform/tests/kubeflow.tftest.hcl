# The nights by Kubeflow: a role like the CronJob's, for one namespace more.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/aws"
}

variables {
  cluster            = "moodstream-production"
  namespace          = "moodstream"
  region             = "eu-central-1"
  account            = "222222222222"
  partition          = "aws"
  buckets            = { lake = "arn:aws:s3:::lake", bundles = "arn:aws:s3:::bundles" }
  data_key           = "arn:aws:kms:eu-central-1:222222222222:key/data"
  kinesis_stream     = null
  kubeflow_namespace = "pipelines"
}

run "its_role" {
  command = plan
  module {
    source = "./modules/workloads"
  }

  assert {
    condition     = module.kubeflow["pipelines"].binding == { namespace = "pipelines", service_account = "nightly" }
    error_message = "Pods of the account nightly in the pipelines' namespace take it."
  }
  assert {
    condition     = module.kubeflow["pipelines"].policy == module.identity["nightly"].policy
    error_message = "It may what the nights may, and no more."
  }
}

run "without_kubeflow" {
  command = plan
  module {
    source = "./modules/workloads"
  }
  variables {
    kubeflow_namespace = null
  }

  assert {
    condition     = output.kubeflow == null
    error_message = "Who has no Kubeflow has no role for it."
  }
}

run "not_beside_our_own_pods" {
  command = plan
  module {
    source = "./modules/workloads"
  }
  variables {
    kubeflow_namespace = "moodstream"
  }
  expect_failures = [var.kubeflow_namespace]
}
