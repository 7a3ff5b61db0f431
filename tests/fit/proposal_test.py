"""From a card to a proposal; what would be estimated and timed is given."""

from compare_gan.fit import child
from compare_gan.fit import machine
from compare_gan.fit import proposal
from compare_gan.fit import timing
from compare_gan.fit.candidates import Candidate
from compare_gan.fit.stopwatch import Measured
import pytest

GB = 10**9
_CARD = [
  "options.architecture = 'dcgan_arch'",
  "options.gan_class = @ModularGAN",
  "options.training_steps = 100",
  "dataset.name = 'shapes16'",
]


@pytest.fixture
def card(tmp_path):
  """A card with 32 images in a batch."""
  path = tmp_path / "card.gin"
  path.write_text("\n".join([*_CARD, "options.batch_size = 32", ""]))
  return str(path)


@pytest.fixture
def propose(monkeypatch, card):
  """Returns `propose(needs, ...)`: `needs` and `takes` say what is measured."""

  def propose(needs, takes=None, precision="float32", **asked):
    monkeypatch.setattr(
      machine,
      "find",
      lambda kind: machine.Machine("cpu", 1, precision, "it is native"),
    )
    monkeypatch.setattr(
      proposal.estimate, "Estimator", lambda *args: lambda one: needs(one)
    )
    timed = []

    def measure(files, lines, candidate, *rest):
      del files, lines, rest
      timed.append(candidate)
      peak = (takes or needs)(candidate)
      if isinstance(peak, child.End):
        return peak
      return Measured(peak, (9.0, 8.0, 3.0, 2.0, 4.0), (1.0,) * 5, 10.0, 1.0, 0)

    monkeypatch.setattr(timing, "measure", measure)
    found = proposal.propose(proposal.Asked([card], **{"ram": "8GB", **asked}))
    return found, timed

  return propose


def _needs(candidate):
  """8 images at once need 2 GB, half of it if they are recomputed."""
  images = candidate.batch_size // candidate.micro_batches
  return images * GB // (8 if candidate.recompute else 4)


def test_what_fits_stays_as_it_is(propose):
  found, timed = propose(_needs)
  assert found.bindings == () and found.notes == ()
  assert timed == [Candidate(32)]
  assert found.chosen.seconds == 2.0
  assert "The card fits as it is." in proposal.to_text(found)


def test_parts_come_first(propose):
  found, timed = propose(_needs, ram="5GB")
  assert found.bindings == ("options.micro_batches = 2",)
  assert timed == [Candidate(32, 2)]
  [note] = found.notes
  assert "see 16 at a time" in note
  assert found.tried[0].rejected == "needs 8.00 GB"


def test_then_recomputation_then_a_smaller_batch(propose):
  found, _ = propose(_needs, ram="1.5GB")
  assert found.chosen.candidate == Candidate(32, 4, True)
  found, _ = propose(_needs, ram="0.6GB")
  assert found.chosen.candidate == Candidate(4, 1, True)
  assert "The batch is 4 instead of 32: this is another" in found.notes[0]


def test_a_network_that_cannot_recompute_gets_a_smaller_batch(propose):
  def needs(candidate):
    if candidate.recompute:
      raise ValueError("it cannot")
    return _needs(candidate)

  found, _ = propose(needs, ram="1.5GB")
  assert found.chosen.candidate == Candidate(4)


def test_what_was_measured_corrects_the_estimate(propose):
  found, timed = propose(_needs, lambda one: 2 * _needs(one), ram="5GB")
  assert timed == [Candidate(32, 2), Candidate(32, 4)]
  assert found.chosen.candidate == Candidate(32, 4)
  assert found.chosen.measured_bytes == 4 * GB
  assert "took 8.00 GB" in [one.rejected for one in found.tried]


def test_a_process_that_had_to_be_ended_for_its_memory_is_no_proposal(propose):
  def takes(one):
    return child.End("took much", True) if one == Candidate(32) else 5 * GB

  found, timed = propose(_needs, takes)
  assert timed == [Candidate(32), Candidate(32, 2)]
  assert found.bindings == ("options.micro_batches = 2",)


def test_any_other_failure_is_an_error(propose):
  with pytest.raises(ValueError, match="timed steps of .* No module"):
    propose(_needs, lambda one: child.End("No module named 'mine'"))


def test_a_card_that_cannot_be_traced_is_an_error(propose):
  def needs(one):
    raise ValueError("z is too short")

  with pytest.raises(ValueError, match="card.gin cannot be traced: z is too"):
    propose(needs)


def test_nothing_fits(propose):
  with pytest.raises(ValueError) as error:
    propose(_needs, ram="50MB")
  assert "does not fit into --ram=0.05 GB" in str(error.value)
  assert "options.batch_size = 32" in str(error.value)
  with pytest.raises(ValueError, match="keeps options.batch_size as it is"):
    propose(_needs, ram="50MB", lines=["options.batch_size = 8"])


def test_what_the_user_binds_stays(propose):
  lines = ["options.micro_batches = 1"]
  found, _ = propose(_needs, ram="5GB", lines=lines)
  assert found.bindings == ("options.recompute = True",)


def test_a_native_precision_is_proposed_unless_the_card_names_one(propose):
  found, _ = propose(_needs, precision="bfloat16")
  assert found.bindings == ("run_config.precision = 'bfloat16'",)
  assert found.notes == ("bfloat16, because it is native.",)
  lines = ["run_config.precision = 'auto'"]  # It is that already.
  found, _ = propose(_needs, precision="bfloat16", lines=lines)
  assert found.chosen.candidate.precision == "bfloat16"
  assert found.bindings == ()
  lines = ["run_config.precision = 'float32'"]
  found, _ = propose(_needs, precision="bfloat16", lines=lines)
  assert found.bindings == ()


def test_fewer_steps_are_bound_if_not_all_fit_into_the_time(propose):
  found, _ = propose(_needs, minutes=1)
  assert found.bindings == ("options.training_steps = 25",)  # 10 + 24 * 2 + 1
  assert "(25%)" in proposal.to_text(found)
  found, _ = propose(_needs, minutes=60)
  assert found.bindings == ()
  with pytest.raises(ValueError, match="--minutes=0"):
    propose(_needs, minutes=0)


def test_a_gin_file_includes_the_card(propose, card):
  found, _ = propose(_needs, ram="5GB", lines=["options.z_dim = 8"])
  lines = proposal.gin_text(found).splitlines()
  assert lines[-3:] == [
    f"include {card!r}",
    "options.z_dim = 8",
    "options.micro_batches = 2",
  ]
