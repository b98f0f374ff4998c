output "queue" {
  description = "The name of the queue of interruptions."
  value       = aws_sqs_queue.interruptions.name
}
