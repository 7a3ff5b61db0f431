"""Errors and warnings as people see them."""

import re

from compare_gan.configuration import gin_files
from compare_gan.console import messages
from compare_gan.gans import options as options_lib
import gin
import pytest
import tensorflow as tf


def _error(*bindings, call=options_lib.options):
  gin_files.register()
  with pytest.raises(Exception) as caught:
    gin.parse_config(bindings)
    call()
  return caught.value


def test_gins_tail_is_cut_off():
  error = _error(
    "options.batch_size = 0",
    "options.gan_class = 1",
    "options.architecture = ''",
    "options.training_steps = 1",
  )
  assert "In call to configurable" in str(error)
  assert messages.sentence(error) == (
    "options.batch_size = 0. It must be an int of 1 or more."
  )


def test_where_a_binding_stands_is_kept():
  error = _error("options.bach_size = 1")
  assert "doesn't have a parameter named 'bach_size'" in str(error)
  assert "options.bach_size = 1" in messages.sentence(error)


def test_a_line_that_is_no_gin_is_shown():
  error = _error("options.batch_size = \n")
  assert messages.is_mendable(error)
  assert messages.sentence(error) == (
    "Unable to parse value: options.batch_size ="
  )


@gin.configurable("messages_test_sum")
def _sum(x=1):
  return x + 1


def test_what_gin_has_set_is_named_where_python_stumbles():
  error = _error("messages_test_sum.x = 'a'", call=_sum)
  assert messages.is_mendable(error)
  text = messages.sentence(error)
  assert "(in messages_test_sum, whose parameters gin sets" in text
  assert "0x" not in text


@gin.configurable("messages_test_positive")
def _positive(x=1):
  if x < 1:
    raise ValueError(f"x = {x}.\nIt must be 1 or more.")
  return x


def _traced():
  positive = gin.get_configurable("messages_test_positive")
  untouched = tf.autograph.experimental.do_not_convert(positive)

  @tf.function
  def step():
    return tf.constant(untouched())

  @tf.function
  def steps():
    return step()

  return steps()


@pytest.mark.versions("AutoGraph words it")
def test_frames_of_traced_code_are_cut_off():
  error = _error("messages_test_positive.x = 0", call=_traced)
  assert "in user code:" in str(error)
  assert messages.is_mendable(error)
  assert messages.sentence(error) == "x = 0.\nIt must be 1 or more."
  assert messages.with_kind(error).startswith("ValueError: x = 0.")


@pytest.mark.versions("AutoGraph words it")
def test_what_gin_has_set_is_named_in_traced_code_as_well():
  error = _error("messages_test_positive.x = 'a'", call=_traced)
  assert messages.is_mendable(error)
  text = messages.sentence(error)
  assert "File" not in text and "'<' not supported" in text
  assert "(in messages_test_positive, whose parameters gin sets" in text


@pytest.mark.versions("TensorFlow words it")
def test_an_error_that_ends_nothing_has_its_kind_and_line():
  """In TensorFlow's words it has nodes, in gin's an address."""
  error = _error(call=lambda: tf.zeros([2]) + tf.zeros([3]))
  said = messages.with_kind(error)
  assert re.fullmatch(
    r"InvalidArgumentError: Incompatible shapes: \[2\] vs. \[3\] "
    r"\((?:.*/)?messages_test.py, line \d+\)",
    said,
  )
  error = _error("messages_test_sum.x = 'a'", call=_sum)
  said = messages.with_kind(error)
  assert said.startswith("TypeError: can only concatenate str")
  assert "(in messages_test_sum, whose parameters gin sets; " in said
  assert "--traceback" not in said and "0x" not in said


def test_an_error_without_words_is_its_kind():
  assert messages.with_kind(AssertionError()) == "AssertionError"


def test_a_bug_is_not_the_users():
  assert not messages.is_mendable(TypeError("a bug"))
  assert not messages.is_mendable(AssertionError())


def test_a_file_is_named_without_pythons_number():
  with pytest.raises(OSError) as caught:
    open("/nowhere/z.npy")
  said = messages.sentence(caught.value)
  assert said == "/nowhere/z.npy: No such file or directory."


def test_objects_are_shown_by_their_names():
  error = ValueError(f"{_sum} and {dict}, {messages.sentence}, {[].append}")
  text = messages.sentence(error)
  assert text == "_sum and dict, sentence, append"


@pytest.mark.parametrize(
  "filename, category, is_shown",
  [
    ("/x/site-packages/gin/config.py", UserWarning, True),
    (messages.__file__, UserWarning, True),
    ("/home/a/my_loss.py", UserWarning, True),
    ("/x/site-packages/keras/a.py", UserWarning, False),
    ("/home/a/my_loss.py", DeprecationWarning, False),
  ],
)
def test_warnings_for_users_are_shown(
  filename, category, is_shown, capsys, monkeypatch
):
  monkeypatch.setattr(messages, "_shown", set())
  messages.show_warning(category("Beware."), category, filename, 1)
  assert capsys.readouterr().err == "Warning: Beware.\n" * is_shown


def test_a_warning_is_shown_once(capsys, monkeypatch):
  monkeypatch.setattr(messages, "_shown", set())
  messages.mark_shown(["Known."])
  for text in ("Beware.", "Known.", "Beware.", "Mind."):
    messages.show_warning(UserWarning(text), UserWarning, __file__, 1)
  assert capsys.readouterr().err == "Warning: Beware.\nWarning: Mind.\n"
