"""Limits of groups within groups, in folders that look like Linux's."""

import types

from compare_gan.memory import memory_limit
import psutil
import pytest

_GB = 10**9


@pytest.fixture
def linux(tmp_path, monkeypatch):
  """Returns `linux({path: text})` -> the root of a system with these files."""

  def linux(files, available=8 * _GB, total=16 * _GB):
    machine = types.SimpleNamespace(available=available, total=total)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
    for name, text in files.items():
      path = tmp_path / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.write_text(text)
    return str(tmp_path)

  return linux


def test_without_a_limit_the_machine_decides(linux):
  root = linux({"sys/fs/cgroup/memory.max": "max\n"})
  assert memory_limit.find(root) == (8 * _GB, 16 * _GB, "machine")


def test_the_second_version_counts_what_is_used_but_for_files(linux):
  root = linux(
    {
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/memory.max": f"{4 * _GB}\n",
      "sys/fs/cgroup/memory.current": f"{3 * _GB}\n",
      "sys/fs/cgroup/memory.stat": (
        f"anon {_GB}\nfile 1\nactive_file {_GB}\ninactive_file {_GB // 2}\n"
      ),
    }
  )
  # 4 - (3 - 1 - .5)
  assert memory_limit.find(root) == (2.5 * _GB, 4 * _GB, "container")


def test_the_smallest_limit_of_nested_groups_decides(linux):
  root = linux(
    {
      "proc/self/cgroup": "0::/user/job/step\n",
      "sys/fs/cgroup/user/memory.max": f"{5 * _GB}\n",
      "sys/fs/cgroup/user/job/memory.max": f"{3 * _GB}\n",
      "sys/fs/cgroup/user/job/memory.current": f"{_GB}\n",
      "sys/fs/cgroup/user/job/step/memory.max": "max\n",
      "sys/fs/cgroup/other/memory.max": "1\n",
    }
  )
  assert memory_limit.find(root) == (2 * _GB, 3 * _GB, "container")


def test_the_first_version(linux):
  memory = "sys/fs/cgroup/memory"
  root = linux(
    {
      "proc/self/cgroup": "5:cpu,memory:/docker/abc\n1:pids:/\n0::/\n",
      f"{memory}/memory.limit_in_bytes": "9223372036854771712\n",
      f"{memory}/docker/abc/memory.limit_in_bytes": f"{2 * _GB}\n",
      f"{memory}/docker/abc/memory.usage_in_bytes": f"{_GB}\n",
      f"{memory}/docker/abc/memory.stat": (
        f"inactive_file 0\ntotal_active_file 7\ntotal_inactive_file {_GB // 4}"
      ),
    }
  )
  assert memory_limit.find(root) == (
    1.25 * _GB + 7,
    2 * _GB,
    "container",
  )


def test_a_container_that_sees_its_own_group_as_the_topmost(linux):
  root = linux(
    {
      "proc/self/cgroup": "4:memory:/docker/abc\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{_GB}\n",
    }
  )
  assert memory_limit.find(root) == (_GB, _GB, "container")
  root = linux({"proc/self/cgroup": "4:memory:/../../abc\n"})
  assert memory_limit.find(root) == (_GB, _GB, "container")


def test_a_machine_that_has_less_left_than_its_container_may_have(linux):
  root = linux({"sys/fs/cgroup/memory.max": f"{4 * _GB}\n"}, available=_GB)
  found = memory_limit.find(root)
  assert (found.free, found.total) == (_GB, 4 * _GB)


def test_a_machine_without_groups_decides_alone(tmp_path):
  """macOS has neither /proc nor /sys; psutil knows its memory anyway."""
  found = memory_limit.find(str(tmp_path))
  assert found.owner == "machine"
  assert 0 < found.free <= found.total == psutil.virtual_memory().total


def test_memory_of_this_process_grows_with_what_it_holds():
  before = memory_limit.resident()
  held = bytearray(64 * 2**20)
  assert 60 * 2**20 < memory_limit.resident() - before < 128 * 2**20
  assert len(held) == 64 * 2**20
