output "bucket" {
  description = "For environments/*.s3.tfbackend."
  value       = aws_s3_bucket.state.bucket
}
