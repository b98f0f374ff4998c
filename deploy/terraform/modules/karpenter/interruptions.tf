# Spot nodes that will be taken, sick hosts, stopped instances: told to Karpenter by a queue, so that pods leave in time.

locals {
  events = {
    health      = { source = ["aws.health"], detail-type = ["AWS Health Event"] }
    rebalance   = { source = ["aws.ec2"], detail-type = ["EC2 Instance Rebalance Recommendation"] }
    reservation = { source = ["aws.ec2"], detail-type = ["EC2 Capacity Reservation Instance Interruption Warning"] }
    spot        = { source = ["aws.ec2"], detail-type = ["EC2 Spot Instance Interruption Warning"] }
    state       = { source = ["aws.ec2"], detail-type = ["EC2 Instance State-change Notification"] }
  }
}

resource "aws_sqs_queue" "interruptions" {
  name                      = "${var.cluster}-karpenter"
  message_retention_seconds = 300
  sqs_managed_sse_enabled   = true # as Karpenter's own template: which instance ends is no secret
}

resource "aws_sqs_queue_policy" "interruptions" {
  queue_url = aws_sqs_queue.interruptions.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.interruptions.arn
        Condition = { ArnLike = { "aws:SourceArn" = "arn:${var.partition}:events:${var.region}:${var.account}:rule/${var.cluster}-*" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.interruptions.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "interruption" {
  for_each      = local.events
  name          = "${var.cluster}-${each.key}"
  description   = "Told to Karpenter of ${var.cluster}"
  event_pattern = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "interruption" {
  for_each = local.events
  rule     = aws_cloudwatch_event_rule.interruption[each.key].name
  arn      = aws_sqs_queue.interruptions.arn
}
