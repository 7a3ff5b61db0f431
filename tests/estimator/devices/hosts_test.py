"""What each of several tasks on one host takes of it."""

from compare_gan.estimator.devices import cluster
from compare_gan.estimator.devices import hosts
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.config lists the devices")


@pytest.mark.parametrize(
  "index,tasks,gpus_per_task,taken",
  [
    (0, 2, None, [0, 1]),
    (1, 2, None, [2, 3]),
    (3, 4, None, [3]),
    (1, 2, 1, [1]),
    (0, 1, None, None),  # alone on its host: all that there are
    (1, 2, 4, None),  # it sees no more than its part
    (4, 8, None, None),  # more tasks than GPUs
  ],
)
def test_tasks_share_the_gpus_of_their_host(
  index, tasks, gpus_per_task, taken, monkeypatch
):
  sets = []
  monkeypatch.setattr(
    tf.config, "get_visible_devices", lambda kind: [0, 1, 2, 3]
  )
  monkeypatch.setattr(
    tf.config, "set_visible_devices", lambda gpus, kind: sets.append(gpus)
  )
  hosts.share_gpus(
    cluster.Cluster(("a:1", "a:2"), index, index, tasks, gpus_per_task)
  )
  assert sets == ([] if taken is None else [taken])


def test_what_is_trained_on_in_words():
  three = cluster.Cluster(("a:1", "b:1", "c:1"), 0)
  assert hosts.in_words("the CPU", None) == "the CPU"
  assert hosts.in_words("2 GPUs", three) == (
    "2 GPUs of each of the 3 hosts that TF_CONFIG or Slurm names"
  )
