output "certificate" {
  description = "ARN of the certificate, known when it is issued."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "zone" {
  description = "The zone's ARN."
  value       = data.aws_route53_zone.this.arn
}
