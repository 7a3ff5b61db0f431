"""`fit` parses and prints; a training is measured once."""

import json
import pathlib

from compare_gan import __main__ as program
from compare_gan.fit import machine
from compare_gan.fit import proposal
from compare_gan.fit import schedule
from compare_gan.fit.candidates import Candidate
import pytest

from tests import plain_shell

FOUND = proposal.Proposal(
  ("card.gin",),
  (),
  8 * 10**9,
  machine.Machine("cpu", 1, "float32", ""),
  proposal.Tried(Candidate(32, 2), 6 * 10**9, 5 * 10**9, 2.0, 4.0),
  ("options.micro_batches = 2",),
  ("A note.",),
  (
    proposal.Tried(Candidate(32), 9 * 10**9, rejected="needs 9.00 GB"),
    proposal.Tried(Candidate(32, 2), 6 * 10**9, 5 * 10**9, 2.0, 4.0),
  ),
)


@pytest.fixture
def asked(monkeypatch):
  found = []
  monkeypatch.setattr(
    proposal, "propose", lambda asked: found.append(asked) or FOUND
  )
  return found


def test_a_table_and_what_to_paste(asked, capsys, tmp_path):
  out = tmp_path / "fit.gin"
  words = ["fit", "card.gin", "--ram=8GB", f"--out={out}"]
  assert program.main(words) == 0
  printed = capsys.readouterr().out.splitlines()
  assert printed[1].split()[-3:] == ["needs", "9.00", "GB"]
  assert printed[2].split()[-2:] == ["2", "chosen"]
  assert "options.micro_batches = 2" in printed
  assert "include 'card.gin'" in out.read_text()
  assert asked[0].ram == "8GB" and asked[0].evaluations is None


def test_json(asked, capsys):
  words = ["fit", "card.gin", "--json", "--minutes=5"]
  words += ["--schedule=eval_after_train", "--eval_every_steps=100"]
  assert program.main(words) == 0
  found = json.loads(capsys.readouterr().out)
  assert found["bindings"] == ["options.micro_batches = 2"]
  assert found["tried"][0]["candidate"]["batch_size"] == 32
  assert asked[0].evaluations == schedule.Evaluations(100, 3)


@pytest.mark.long
def test_a_training_is_measured(tmp_path):
  (tmp_path / "card.gin").write_text(
    "\n".join(
      [
        "options.architecture = 'dcgan_arch'",
        "options.gan_class = @ModularGAN",
        "options.batch_size = 4",
        "options.training_steps = 100",
        "dataset.name = 'shapes16'",
        "dcgan.Generator.ch = 2",
        "dcgan.Discriminator.ch = 2",
        "run_config.precision = 'float32'",  # Else this CPU's own.
      ]
    )
  )
  words = ["-m", "compare_gan", "fit", "card.gin", "--json", "--minutes=600"]
  done = plain_shell.run(
    [*words, "--data_fake_dataset"], tmp_path, PYTHONPATH=plain_shell.ROOT
  )
  assert done.returncode == 0, done.stderr
  found = json.loads(done.stdout)
  chosen = found["chosen"]
  assert found["bindings"] == []
  assert chosen["expected_bytes"] == pytest.approx(
    chosen["measured_bytes"], rel=0.2
  )
  assert 0 < chosen["seconds"] < 10
  assert found["plan"]["steps"] == 100
  assert [path.name for path in pathlib.Path(tmp_path).iterdir()] == [
    "card.gin"
  ]
