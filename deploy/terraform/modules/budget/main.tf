# Who is told when the month costs more than was meant, or will.

resource "aws_budgets_budget" "month" {
  name         = "${var.name}-month"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:moodstream:environment$%s", var.environment)]
  }

  # half and all of it as spent, all of it as foreseen
  dynamic "notification" {
    for_each = { half = [50, "ACTUAL"], all = [100, "ACTUAL"], foreseen = [100, "FORECASTED"] }
    content {
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value[0]
      threshold_type             = "PERCENTAGE"
      notification_type          = notification.value[1]
      subscriber_email_addresses = var.told
    }
  }
}
