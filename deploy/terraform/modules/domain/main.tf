# The API's name: a certificate that renews itself, proven by a record in a zone that exists.

data "aws_route53_zone" "this" {
  name         = var.zone
  private_zone = false
}

resource "aws_acm_certificate" "this" {
  domain_name       = var.host
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
    precondition {
      condition     = var.host == var.zone || endswith(var.host, ".${var.zone}")
      error_message = "The API's name must lie in the zone: ${var.host} is not in ${var.zone}."
    }
  }
}

locals {
  proof = one([for option in aws_acm_certificate.this.domain_validation_options : option])
}

resource "aws_route53_record" "proof" {
  zone_id         = data.aws_route53_zone.this.zone_id
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}
