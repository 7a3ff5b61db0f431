"""Settings of one network alone: gin scopes named "G", "D" and "E".

A binding without a scope acts on every network:

  spectral_norm.epsilon = 1e-6
  D/spectral_norm.power_iteration_rounds = 5     # on D alone
  G/standardize_batch.decay = 0.9                # on G alone
  G/weights.initializer = "orthogonal"

The scope is entered only if something is bound in it. Otherwise the operative
configuration, which is saved with a run, would repeat every setting for each
network, and bindings that a user edits there would have no effect.
"""

import contextlib

import gin

# gin keeps macros and constants among the bindings, with their names as scopes.
_NO_SETTINGS = ("gin.macro", "gin.constant")


def settings_of(network: str) -> contextlib.AbstractContextManager:
  """Makes bindings of the scope `network` ("G", "D" or "E") act inside."""
  path = "/".join([*gin.current_scope(), network])
  # gin has no public way to ask which scopes are bound.
  bound = any(
    f"{scope}/".startswith(f"{path}/") and selector not in _NO_SETTINGS
    for scope, selector in gin.config._CONFIG
  )
  return gin.config_scope(network) if bound else contextlib.nullcontext()


def scopes_that_bind(parameter: str) -> list[str]:
  """Returns the sorted scopes in which "selector.parameter" is bound.

  The binding without a scope is the scope "".
  """
  selector, _, name = parameter.rpartition(".")
  return sorted(
    scope
    for (scope, full), bound in gin.config._CONFIG.items()
    if f".{full}".endswith(f".{selector}") and name in bound
  )
