"""Limits of groups within groups, in folders that look like Linux's."""

import sys
import types

from compare_gan.memory import memory_limit
import pytest

_GB = 10**9


@pytest.fixture
def linux(tmp_path):
  """Returns `linux({path: text})` -> the root of a system with these files."""

  def linux(files, available_kb=8_000_000, total_kb=16_000_000):
    meminfo = f"MemTotal: {total_kb} kB\nMemAvailable: {available_kb} kB\n"
    for name, text in {"proc/meminfo": meminfo, **files}.items():
      path = tmp_path / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.write_text(text)
    return str(tmp_path)

  return linux


def test_without_a_limit_the_machine_says_it(linux):
  root = linux({"sys/fs/cgroup/memory.max": "max\n"})
  assert memory_limit.find(root) == (8_192_000_000, 16_384_000_000, "machine")


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
  root = linux(
    {"sys/fs/cgroup/memory.max": f"{4 * _GB}\n"}, available_kb=1_000_000
  )
  found = memory_limit.find(root)
  assert (found.free, found.total) == (1_024_000_000, 4 * _GB)


def test_macos_is_asked_by_psutil(tmp_path, monkeypatch):
  monkeypatch.setattr(sys, "platform", "darwin")
  memory = types.SimpleNamespace(available=3, total=8)
  double = types.SimpleNamespace(virtual_memory=lambda: memory)
  monkeypatch.setitem(sys.modules, "psutil", double)
  assert memory_limit.find(str(tmp_path)) == (3, 8, "machine")


def test_nobody_knows(tmp_path, monkeypatch):
  monkeypatch.setattr(sys, "platform", "darwin")
  monkeypatch.setitem(sys.modules, "psutil", None)
  assert memory_limit.find(str(tmp_path)) is None
  assert memory_limit.resident(str(tmp_path)) is None


def test_what_this_process_has(linux):
  root = linux({"proc/self/status": "Name:\tpython\nVmRSS:\t  2000 kB\n"})
  assert memory_limit.resident(root) == 2_048_000
