"""Tables in TensorBoard; tests/estimator/hooks_test.py reads the rest."""

from compare_gan.trackers import tensorboard


def test_a_table_is_markdown():
  rows = [{"score": "fid", "mean": 1.5}, {"score": "kid", "mean": 0.25}]
  assert tensorboard.markdown(rows).splitlines() == [
    "| score | mean |",
    "| --- | --- |",
    "| fid | 1.5 |",
    "| kid | 0.25 |",
  ]
  assert tensorboard.markdown([]) == ""
