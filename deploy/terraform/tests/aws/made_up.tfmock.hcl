# What AWS alone knows, made up in the form that it has, so that policies can be read whole in a plan.

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_route53_zone" {
  defaults = { zone_id = "Z0000000000000", arn = "arn:aws:route53:::hostedzone/Z0000000000000" }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-central-1:222222222222:certificate/made-up"
    domain_validation_options = [{
      domain_name           = "moodstream.example.com"
      resource_record_name  = "_made-up.moodstream.example.com"
      resource_record_type  = "CNAME"
      resource_record_value = "_made-up.acm-validations.aws"
    }]
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-central-1:222222222222:log-group:made-up"
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-central-1:222222222222:table/made-up"
  }
}

mock_resource "aws_elasticache_replication_group" {
  defaults = {
    configuration_endpoint_address = "clustercfg.made-up"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    id  = "made-up"
    arn = "arn:aws:iam::222222222222:role/made-up"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:eu-central-1:222222222222:key/00000000-0000-0000-0000-000000000000"
    key_id = "00000000-0000-0000-0000-000000000000"
  }
}

mock_resource "aws_msk_cluster" {
  defaults = {
    arn                          = "arn:aws:kafka:eu-central-1:222222222222:cluster/made-up/0"
    bootstrap_brokers_sasl_scram = "b-1.made-up:9096,b-2.made-up:9096,b-3.made-up:9096"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    id  = "made-up"
    arn = "arn:aws:s3:::made-up"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    id  = "arn:aws:secretsmanager:eu-central-1:222222222222:secret:made-up"
    arn = "arn:aws:secretsmanager:eu-central-1:222222222222:secret:made-up"
  }
}

mock_resource "aws_security_group" {
  defaults = {
    id = "sg-00000000000000000"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-central-1:222222222222:made-up"
    url = "https://sqs.eu-central-1.amazonaws.com/222222222222/made-up"
  }
}

mock_resource "aws_vpc" {
  defaults = {
    id  = "vpc-00000000000000000"
    arn = "arn:aws:ec2:eu-central-1:222222222222:vpc/vpc-00000000000000000"
  }
}
