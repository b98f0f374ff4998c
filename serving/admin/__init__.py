"""What operators see and do by `/admin` and `/v1/admin/…`, and the door before it."""
