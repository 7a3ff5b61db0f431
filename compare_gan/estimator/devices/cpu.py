"""`--run_config=cpu`: the CPU of this host, or of each of several hosts."""

from typing import Any
from typing import Optional

from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import hosts
from compare_gan.estimator.devices import single


class Kind(base.AbstractKind):
  """The CPU, which is always here."""

  auto_order = 30

  def choose(self, batch_size: Optional[int], run_config: Any) -> base.Devices:
    cluster = hosts.find(run_config)
    if cluster is None:
      return single.OneDevice("CPU:0")
    hosts.share_gpus(cluster)  # TensorFlow takes memory on all GPUs it sees.
    return hosts.choose(cluster, 0, batch_size, run_config)

  def look(self, batch_size: Optional[int], run_config: Any) -> base.Found:
    on = self.choose(batch_size, run_config)
    return base.Found(on, "", hosts.in_words("the CPU", hosts.find(run_config)))

  def uses_host_memory(self) -> bool:
    return True
