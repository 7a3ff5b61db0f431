"""What tests of studies share."""

from compare_gan.study.define import definition
import pytest

from tests.study import small


@pytest.fixture
def load(tmp_path):
  """Returns `load(text, *bindings)` -> Study, with base.gin beside it."""

  def load(text="", *bindings, base=small.BASE):
    (tmp_path / "base.gin").write_text(base)
    path = tmp_path / "mine.gin"
    path.write_text(small.STUDY + text)
    return definition.load(str(path), bindings)

  return load
