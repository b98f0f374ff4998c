# Where Kubeflow runs the nights: the nightly role's rights again, since a role is taken from one namespace alone (docs/deploy/kubeflow.md).

module "kubeflow" {
  source          = "../identity"
  for_each        = toset(var.kubeflow_namespace == null ? [] : [var.kubeflow_namespace])
  name            = "nightly-kubeflow"
  cluster         = var.cluster
  account         = var.account
  namespace       = each.key
  service_account = "nightly"
  statements      = local.may.nightly
}
