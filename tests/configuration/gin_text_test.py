"""gin's language, read and written without binding anything."""

from compare_gan.configuration import gin_text

_TEXT = """
import some.module
SIZE = 8
options.batch_size = %SIZE
g/penalty.fn = @scope/fn()
evaluate.metrics = [@fid, @kid]
a.b.name = "it's"
"""


def test_names_have_scopes_and_words_no_quotes():
  bindings, imports = gin_text.read(_TEXT)
  assert imports == ["some.module"]
  assert bindings["SIZE"] == 8
  assert repr(bindings["options.batch_size"]) == "%SIZE"
  assert repr(bindings["g/penalty.fn"]) == "@scope/fn()"
  assert repr(bindings["evaluate.metrics"]) == "[@fid, @kid]"
  assert bindings["a.b.name"] == "it's"
  assert len(bindings) == 5


def test_what_is_written_reads_the_same():
  bindings, _ = gin_text.read(_TEXT)
  assert gin_text.read(gin_text.write(bindings)) == (bindings, [])
