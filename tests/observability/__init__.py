"""What operators see: metrics, logs, dashboards and alerts, of a real loop under a real load."""
