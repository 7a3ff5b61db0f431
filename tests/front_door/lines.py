"""The one list of what users type, with fewer steps, and of what is not run.

Each line is run by a shell whose environment is built from nothing, in a folder
whose path has spaces, brackets and letters that are not ASCII. `documents` are
the command lines of README.md, CONTRIBUTING.md and docs/ that it stands for:
tests/documents_test.py compares them with the files, so that neither can change
alone.
"""

import dataclasses

FEW = (
  "--gin_bindings='options.training_steps = 2'"
  " --gin_bindings='options.batch_size = 4'"
)
# Scores in seconds: few images, and features that nothing has to train.
CHEAP = (
  "--gin_bindings='evaluate.features = @random_filters'"
  " --gin_bindings='evaluate.num_fake = 16'"
  " --gin_bindings='evaluate.num_real = 16'"
  " --gin_bindings='evaluate.sample_grid = 4'"
)
SCHEDULE = "--num_eval_averaging_runs=1 --eval_every_steps=2"
CARD = "--gin_config=biggan_shapes32.gin"
# Huawei's adapter is what Python finds under this name.
NPU = 'PYTHONPATH="$CHECKOUT/tests/stand_ins:$PYTHONPATH"'
# Of docs/results.md.
_SCORED = (
  "--schedule=eval_after_train --num_eval_averaging_runs=1"
  " --eval_every_steps=1000"
)
_SEED = "--gin_bindings='run_config.tf_random_seed = 1'"


@dataclasses.dataclass(frozen=True)
class Line:
  """A command line, and what a user sees of it.

  Args:
    name: of the test.
    runs: for the shell.
    leaves: files, as patterns below the user's folder, that are there then.
    says: texts in its output.
    after: names of lines that come before.
    documents: the lines of README and docs that it stands for.
    exit_code: 1 for what is refused with a sentence.
  """

  name: str
  runs: str
  leaves: tuple[str, ...] = ()
  says: tuple[str, ...] = ()
  after: tuple[str, ...] = ()
  documents: tuple[str, ...] = ()
  exit_code: int = 0


# What a user has written before.
FILES = {
  "flowers.gin": """
dataset.name = "folder"
folder.path = "flowers ü"
folder.image_size = 32
""",
  "mygan.gin": """
options.architecture = "my_package.mygan"
options.gan_class = @ModularGAN
options.batch_size = 4
options.training_steps = 2
dataset.name = "shapes32"

import my_package.mygan
mygan.Generator.ch = 8
mygan.Discriminator.ch = 8
""",
  "mine.gin": """
study.base = "sndcgan_shapes16.gin"
study.axes = {
  "penalty": {
    "none": ["penalty.fn = @no_penalty"],
    "gp": ["penalty.fn = @wgangp_penalty"],
  },
}
study.common = [
  "options.training_steps = 2",
  "options.batch_size = 4",
  "evaluate.features = @random_filters",
  "evaluate.num_fake = 16",
  "evaluate.num_real = 16",
]
study.seeds = 1
study.score = "fid_random_filters"
""",
}

LINES = (
  Line(
    "train",
    f"python -m compare_gan.main {CARD} --model_dir='runs [1]/ä' {FEW}",
    leaves=("runs [[]1]/ä/TRAIN_DONE", "runs [[]1]/ä/model.ckpt-2.index"),
    says=("step 2/2",),
    documents=(
      "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
      " --model_dir=runs/a --gin_bindings='options.training_steps = 200'",
    ),
  ),
  Line(
    "goes_on",
    f"python -m compare_gan.main {CARD} --model_dir='runs [1]/ä' {FEW}"
    " --gin_bindings='options.training_steps = 3'",
    leaves=("runs [[]1]/ä/model.ckpt-3.index",),
    says=("Resuming from the checkpoint of step 2",),
    after=("train",),
  ),
  Line(
    "eval_after_train",
    f"python -m compare_gan.main {CARD} --model_dir=runs/a {FEW} {CHEAP}"
    f" {SCHEDULE} --schedule=eval_after_train",
    leaves=("runs/a/scores.csv", "runs/a/best/best.json"),
    says=("step 2: fid_random_filters", "Scores are in runs/a/scores.csv"),
    documents=(
      "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
      " --model_dir=runs/a --gin_bindings='options.training_steps = 5000'"
      " --schedule=eval_after_train",
      "python -m compare_gan.main --schedule=eval_after_train",
    ),
  ),
  Line(
    "recipe",
    "python -m compare_gan features recipe dinov2",
    says=("torch.onnx.export(",),
    documents=("python -m compare_gan features recipe dinov2",),
  ),
  Line(
    "eval_last",
    f"python -m compare_gan.main {CARD} --model_dir=runs/a {CHEAP} {SCHEDULE}"
    " --schedule=eval_last --score_filename=last.csv",
    leaves=("runs/a/last.csv",),
    after=("eval_after_train",),
  ),
  Line(
    "continuous_eval_beside_a_training",
    f"python -m compare_gan.main {CARD} --model_dir=runs/b {FEW} & "
    f"until ls runs/b/model.ckpt-0.index > /dev/null 2>&1; do sleep 0.2; done; "
    f"python -m compare_gan.main {CARD} --model_dir=runs/b {FEW} {CHEAP}"
    f" {SCHEDULE} --schedule=continuous_eval && wait $!",
    leaves=("runs/b/TRAIN_DONE", "runs/b/scores.csv"),
    says=("step 2: fid_random_filters",),
  ),
  Line(
    "dry_run",
    "python -m compare_gan.main --dry_run --data_fake_dataset"
    " --gin_config=resnet_cifar10_false.gin",
    says=("Generator: ", "Estimated memory for training"),
    documents=(
      "python -m compare_gan.main --gin_config=resnet_cifar10_false.gin"
      " --schedule=eval_after_train",
    ),
  ),
  Line(
    "dry_run_biggan",
    "python -m compare_gan.main --dry_run --data_fake_dataset"
    " --gin_config=biggan_cifar.gin",
    says=("10,315,428", "9,937,442"),
    documents=(
      "python -m compare_gan.main --dry_run --data_fake_dataset"
      " --gin_config=biggan_cifar.gin",
      "python -m compare_gan.main --gin_config=biggan_cifar.gin",
      "python -m compare_gan.main --gin_config=biggan_imagenet128.gin",
    ),
  ),
  Line(
    "bigbigan",
    "python -m compare_gan.main --data_fake_dataset --model_dir=runs/bigbigan"
    f" --gin_config=bigbigan_shapes32.gin {FEW}",
    leaves=("runs/bigbigan/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --gin_config=bigbigan_mnist.gin",
      "python -m compare_gan.main --gin_config=configs/bigbigan_shapes32.gin"
      " --model_dir=runs/bigbigan --schedule=eval_after_train",
    ),
  ),
  Line(
    "dcgan_of_a_folder",
    "python -m compare_gan.main --gin_config=dcgan_folder64.gin"
    f" --gin_bindings='folder.path = \"photos ü\"' {FEW}"
    " --model_dir=runs/photos",
    leaves=("runs/photos/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --gin_config=dcgan_folder64.gin"
      " --gin_bindings='folder.path = \"photos\"'",
    ),
  ),
  Line(
    "sample",
    "python -m compare_gan sample --model_dir='runs [1]/ä' --n=4 --out=samples",
    leaves=("samples/grid.png", "samples/samples.npz"),
    after=("train",),
    documents=(
      "python -m compare_gan sample --model_dir=runs/resnet_cifar10 --n=100"
      " --out=samples",
    ),
  ),
  Line(
    "sweep",
    "python -m compare_gan sample --model_dir='runs [1]/ä' --make sweep"
    " --sweep 0,1 --n 2 --out 'ein Ordner'",
    leaves=("ein Ordner/sweep.png",),
    after=("train",),
    documents=(
      "python -m compare_gan sample --model_dir X --make sweep --sweep all"
      " --out folder",
    ),
  ),
  Line(
    "looks",
    "mkdir -p my_package && echo 'def make(subject, args): print(args.n)'"
    " > my_package/brightness.py &&"
    " python -m compare_gan sample --model_dir='runs [1]/ä' --n=5"
    " --make=neighbours,spectrum,map,directions,my_package.brightness"
    " --gin_bindings='evaluate.num_train = 20' --out='ge sehen'"
    " --features=random_filters",
    leaves=(
      "ge sehen/neighbours.png",
      "ge sehen/spectrum.png",
      "ge sehen/map.png",
      "ge sehen/directions.csv",
    ),
    says=("neighbours: the nearest of 20 training images", "directions: of fc"),
    after=("train",),
    documents=(
      "python -m compare_gan sample --model_dir=runs/a --n=300"
      " --make=neighbours,spectrum,map,directions --out=looks",
      "python -m compare_gan sample --model_dir=runs/a"
      " --make=my_package.brightness --out=looks",
      "python -m compare_gan sample --model_dir=runs/mini/runs/<id> --n=300"
      " --make=spectrum,neighbours --out=runs/mini/runs/<id>/pictures",
    ),
  ),
  Line(
    "evaluate",
    "python -m compare_gan evaluate --model_dir='runs [1]/ä' --runs=1 "
    f"--json=scores.json {CHEAP}",
    leaves=("scores.json", "runs [[]1]/ä/scores.csv"),
    after=("train",),
    documents=(
      "python -m compare_gan evaluate --model_dir=runs/a --json=scores.json",
      "python -m compare_gan evaluate --model_dir=runs/a"
      " --gin_bindings='evaluate.num_fake = 2000'",
    ),
  ),
  Line(
    "evaluate_images",
    "python -m compare_gan evaluate --images=samples/samples.npz"
    " --gin_bindings='dataset.name = \"shapes32\"'"
    f" --json=images.json {CHEAP}",
    leaves=("images.json",),
    after=("sample",),
    documents=(
      "python -m compare_gan evaluate --images=folder"
      " --gin_bindings='dataset.name = \"cifar10\"'",
    ),
  ),
  Line(
    "compare",
    "python -m compare_gan compare 'runs [1]/ä' runs/a",
    says=("fid_random_filters",),
    after=("evaluate", "eval_after_train"),
    documents=("python -m compare_gan compare runs/a runs/b",),
  ),
  Line(
    "export_pb",
    "python -m compare_gan export --model_dir='runs [1]/ä' --format=pb"
    " --signature=biggan --batch=2 --out='ein Modell.pb'",
    leaves=("ein Modell.pb",),
    says=("atc --model='ein Modell.pb'",),
    after=("train",),
    documents=(
      "python -m compare_gan export --model_dir=runs/a --format=pb"
      " --signature=biggan --out=model.pb",
      "python -m compare_gan export --model_dir=run --format=pb --out=model.pb",
    ),
  ),
  Line(
    "make_bins",
    "python -m compare_gan make_bins --model_dir='runs [1]/ä'"
    " --signature=biggan --batch=2 --n=4 --out=input_bin",
    leaves=("input_bin/manifest.json",),
    after=("train",),
    documents=(
      "python -m compare_gan make_bins --model_dir=runs/a --signature=biggan"
      " --n=2000 --out=input_bin",
      "python -m compare_gan make_bins --model_dir=run --n=10000"
      " --out=input_bin",
    ),
  ),
  Line(
    "emulate",
    "python -m compare_gan emulate --pb='ein Modell.pb'"
    " --bins=input_bin/z,input_bin/y --out=inference",
    leaves=("inference/*/*_output_0.bin",),
    after=("export_pb", "make_bins"),
    documents=(
      "python -m compare_gan emulate --pb=model.pb"
      " --bins=input_bin/z,input_bin/y --out=inference",
    ),
  ),
  Line(
    "score",
    "python -m compare_gan score --model_dir='runs [1]/ä' --bins=input_bin"
    f" --outputs=inference --json=offline.json {CHEAP}",
    leaves=("offline.json",),
    after=("emulate",),
    documents=(
      "python -m compare_gan score --model_dir=runs/a --bins=input_bin"
      " --outputs=inference --json=offline.json",
    ),
  ),
  Line(
    "export_savedmodel",
    "python -m compare_gan export --model_dir='runs [1]/ä'"
    " --format=savedmodel --out='saved [2]'",
    leaves=("saved [[]2]/saved_model.pb",),
    after=("train",),
    documents=(
      "python -m compare_gan export --model_dir=runs/a --format=savedmodel"
      " --out=saved",
      "python -m compare_gan export --model_dir=runs/a --format=hub --out=hub",
    ),
  ),
  Line(
    "export_tflite",
    "python -m compare_gan export --model_dir='runs [1]/ä' --format=tflite"
    " --out=a.tflite",
    leaves=("a.tflite",),
    after=("train",),
    documents=(
      "python -m compare_gan export --model_dir=runs/a --format=tflite"
      " --out=a.tflite",
    ),
  ),
  Line(
    "web",
    "python -m compare_gan web --model_dir='runs [1]/ä' --out='Seite ö.html'",
    leaves=("Seite ö.html",),
    after=("train",),
    documents=(
      "python -m compare_gan web --model_dir runs/demo-1 --out page.html",
      "python -m compare_gan web --model_dir=runs/a --out=page.html",
    ),
  ),
  Line(
    "list",
    "python -m compare_gan list losses yours --gin_config=mygan.gin",
    says=("@hinge ", "compare_gan/gans/loss_lib.py", "@mygan.Generator"),
    after=("own_architecture",),
    documents=(
      "python -m compare_gan list",
      "python -m compare_gan list losses metrics",
    ),
  ),
  Line(
    "datasets_list",
    "python -m compare_gan datasets list",
    says=("shapes32",),
    documents=("python -m compare_gan datasets list",),
  ),
  Line(
    "datasets_check",
    "python -m compare_gan datasets check --gin_config=flowers.gin"
    " --out 'blüten.png'",
    leaves=("blüten.png",),
    documents=(
      "python -m compare_gan datasets check --gin_config=flowers.gin"
      " --out flowers.png",
    ),
  ),
  Line(
    "card_with_own_data",
    f"python -m compare_gan.main {CARD} --gin_config=flowers.gin {FEW}"
    " --model_dir=runs/own",
    leaves=("runs/own/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
      " --gin_config=flowers.gin",
    ),
  ),
  Line(
    "study_dry_run",
    "python -m compare_gan study run regularization_mini.gin --dry_run",
    says=("24 runs",),
    documents=(
      "python -m compare_gan study run regularization_mini.gin --dry_run",
    ),
  ),
  Line(
    "study",
    "python -m compare_gan study run mine.gin --out 'runs/meine [2]' --jobs 1",
    leaves=("runs/meine [[]2]/study.json",),
    documents=(
      "python -m compare_gan study run regularization_mini.gin --out runs/mini",
    ),
  ),
  Line(
    "study_status",
    "python -m compare_gan study status 'runs/meine [2]'",
    says=("2",),
    after=("study",),
    documents=("python -m compare_gan study status runs/mini",),
  ),
  Line(
    "study_retry",
    "python -m compare_gan study retry 'runs/meine [2]'",
    says=("nothing to try again",),
    after=("study",),
    documents=("python -m compare_gan study retry runs/mini",),
  ),
  Line(
    "study_report",
    "python -m compare_gan study report 'runs/meine [2]'",
    leaves=("runs/meine [[]2]/report/index.html",),
    after=("study",),
    documents=("python -m compare_gan study report runs/mini",),
  ),
  Line(
    "import_v1",
    "python -m compare_gan import_v1 --checkpoint 'old [1]/model.ckpt-10'"
    " --gin_config 'old [1]/operative_config-0.gin' --model_dir 'bi ggan'",
    leaves=("bi ggan/model.ckpt-*.index",),
    documents=(
      "python -m compare_gan import_v1 --checkpoint old/model.ckpt-250000"
      " --gin_config old/operative_config-0.gin --model_dir biggan",
      "python -m compare_gan import_v1 --checkpoint old/model.ckpt-40000"
      " --gin_config old/operative_config-0.gin --model_dir new",
      "python -m compare_gan import_v1 --checkpoint=old/model.ckpt-10"
      " --gin_config=old/operative_config-0.gin --model_dir=imported",
    ),
  ),
  Line(
    "sample_of_an_import",
    "python -m compare_gan sample --model_dir 'bi ggan' --n 2 --out old.npz"
    " --accu_examples 64",
    leaves=("old.npz",),
    after=("import_v1",),
    documents=(
      "python -m compare_gan sample --model_dir biggan --n 64"
      " --out samples.npz",
    ),
  ),
  Line(
    "export_of_an_import",
    "python -m compare_gan export --model_dir='bi ggan' --format=pb"
    " --signature=biggan --batch=1 --out=imported.pb --accu_examples=64",
    leaves=("imported.pb",),
    after=("import_v1",),
    documents=(
      "python -m compare_gan export --model_dir=imported --format=pb"
      " --signature=biggan --out=imported.pb",
    ),
  ),
  Line(
    "own_architecture",
    'mkdir -p my_package && cp "$CHECKOUT/compare_gan/architectures/dcgan.py"'
    " my_package/mygan.py && python -m compare_gan.main --model_dir=runs/mygan"
    f" --gin_config=mygan.gin {FEW}",
    leaves=("runs/mygan/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --model_dir=runs/mygan"
      " --gin_config=mygan.gin",
    ),
  ),
  Line(
    "dcgan_shapes32",
    "python -m compare_gan.main --gin_config=dcgan_shapes32.gin"
    f" --model_dir=runs/s2 {FEW}",
    leaves=("runs/s2/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --gin_config=dcgan_shapes32.gin"
      f" --model_dir=runs/s2 {_SCORED} {_SEED}",
    ),
  ),
  Line(
    "resnet_shapes32",
    "python -m compare_gan.main --gin_config=resnet_shapes32.gin"
    f" --model_dir=runs/s4 {FEW}",
    leaves=("runs/s4/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --gin_config=resnet_shapes32.gin"
      f" --model_dir=runs/s4 {_SCORED.replace('1000', '1700')} {_SEED}",
    ),
  ),
  Line(
    "no_such_card",
    "python -m compare_gan.main --gin_config=nowhere.gin",
    says=("compare_gan: --gin_config=nowhere.gin: there is no such file",),
    exit_code=1,
  ),
  Line(
    "misspelt_binding",
    f"python -m compare_gan.main {CARD} --gin_bindings='options.bach = 1'",
    says=("options has no parameter 'bach'", "options.bach = 1"),
    exit_code=1,
  ),
  Line(
    "wrong_value",
    f"python -m compare_gan.main {CARD} --gin_bindings='options.z_dim = 0'",
    says=("compare_gan: options.z_dim = 0. It must be an int of 1 or more.",),
    exit_code=1,
  ),
  Line(
    "zoo_biggan",
    "python -m compare_gan zoo biggan --dataset data/cifar10 --batch_size 64"
    " --dry_run",
    says=("--gin_config", "biggan_cifar.gin"),
    documents=(
      "python -m compare_gan zoo biggan --dataset data/cifar10 --batch_size 64"
      " --dry_run",
    ),
  ),
  Line(
    "zoo_dcgan",
    "python -m compare_gan zoo dcgan --data_dir . --dataset 'photos ü' --crop"
    " --epoch 1 --batch_size 4 --out_dir 'aus [3]'"
    " --gin_bindings='options.training_steps = 2'",
    leaves=("aus [[]3]/**/TRAIN_DONE",),
    documents=(
      "python -m compare_gan zoo dcgan --dataset celebA --crop --epoch 25",
    ),
  ),
  Line(
    "zoo_bigbigan",
    "python -m compare_gan zoo bigbigan --dataset_path tensorflow_datasets"
    " --result_path 'ergebnis [4]' --train_batch_size 4"
    " --gin_bindings='options.training_steps = 2'"
    " --gin_bindings='dataset.name = \"shapes32\"'",
    leaves=("ergebnis [[]4]/**/TRAIN_DONE",),
    documents=(
      "python -m compare_gan zoo bigbigan --dataset_path tensorflow_datasets"
      " --result_path results",
    ),
  ),
  Line(
    "train_full_1p",
    'bash "$CHECKOUT/scripts/train_full_1p.sh" --data_path=train_data --steps=2'
    " --batch_size=4",
    leaves=("test/output/0/train_0.log",),
    documents=("bash scripts/train_full_1p.sh --data_path=train_data",),
  ),
  Line(
    "train_performance_1p",
    'bash "$CHECKOUT/scripts/train_performance_1p.sh" --dry_run'
    " --dataset_path='D [5]' --result_path='R ä' --train_batch_size=256"
    " --num_epochs=50",
    says=("compare_gan.main", "PYTHONPATH"),
  ),
  Line(
    "train_full_1p_of_biggan",
    'bash "$CHECKOUT/scripts/train_full_1p.sh" --dry_run'
    " --data_path='../D [5]' --output_path='../O ä'",
    says=("compare_gan.main",),
    documents=(
      "bash scripts/train_full_1p.sh --data_path=../dataset"
      " --output_path=../output",
    ),
  ),
  Line(
    "train_full_1p_modelarts",
    'bash "$CHECKOUT/scripts/train_full_1p_modelarts.sh" --dry_run'
    " --data_path='D [5]' --output_path='O ä'",
    says=("compare_gan.main",),
  ),
  Line(
    "run_1p",
    'bash "$CHECKOUT/scripts/run_1p.sh" "$CHECKOUT"'
    " 'D [5]' 'R ä' --dry_run",
    says=("compare_gan.main",),
  ),
  Line(
    "run_cpu",
    'bash "$CHECKOUT/scripts/run_cpu.sh" "$CHECKOUT"'
    " 'D [5]' 'R ä' --dry_run",
    says=("--run_config=cpu",),
  ),
  Line(
    "run_gpu",
    'bash "$CHECKOUT/scripts/run_gpu.sh" "$CHECKOUT"'
    " 'D [5]' 'R ä' --dry_run",
    says=("--run_config=gpu",),
  ),
  Line(
    "run_msprof",
    'bash "$CHECKOUT/scripts/run_msprof.sh" "$CHECKOUT"'
    " 'D [5]' 'R ä' --dry_run",
    says=("compare_gan.main",),
  ),
  Line(
    "boot_modelarts",
    "python \"$CHECKOUT/boot_modelarts.py\" --data_url='Daten [6]'"
    f" --train_url='Ergebnis ä' --data_fake_dataset {FEW} {CHEAP}",
    leaves=("Ergebnis ä/TRAIN_DONE", "Ergebnis ä/scores.csv"),
    says=("Training on the CPU",),
  ),
  Line(
    "run_modelarts_1p",
    'PIP_NO_INDEX=1 bash "$CHECKOUT/run_modelarts_1p.sh" "$CHECKOUT"'
    f" 'Daten [6]' 'Ergebnis [7]' --data_fake_dataset {FEW} {CHEAP}",
    leaves=("Ergebnis [[]7]/TRAIN_DONE", "Ergebnis [[]7]/scores.csv"),
  ),
  Line(
    "npu_dry_run",
    f"{NPU} python -m compare_gan.main --run_config=npu --dry_run"
    " --data_fake_dataset --gin_config=resnet_cifar10.gin",
    says=("Generator: ",),
    documents=(
      "python -m compare_gan.main --run_config=npu --dry_run"
      " --gin_config=resnet_cifar10.gin",
    ),
  ),
  Line(
    "npu",
    f"{NPU} python -m compare_gan.main --run_config=npu --model_dir=runs/npu"
    f" {CARD} {FEW}",
    leaves=("runs/npu/TRAIN_DONE",),
    documents=(
      "python -m compare_gan.main --run_config=npu --model_dir=runs/a"
      " --gin_config=resnet_cifar10.gin",
    ),
  ),
  Line(
    "npu_by_itself",
    f"{NPU} python -m compare_gan.main --model_dir=runs/auto {CARD} {FEW}",
    leaves=("runs/auto/TRAIN_DONE",),
    says=("Training on the NPU",),
  ),
  Line(
    "boot_modelarts_on_an_npu",
    f"{NPU} python \"$CHECKOUT/boot_modelarts.py\" --data_url='Daten [6]'"
    f" --train_url='Ergebnis npu' --data_fake_dataset {FEW} {CHEAP}",
    leaves=("Ergebnis npu/TRAIN_DONE", "Ergebnis npu/scores.csv"),
    says=("Training on the NPU",),
  ),
  Line(
    "doctor",
    "python -m compare_gan doctor",
    says=("CPU float32: ", " ms a step", "Ready: "),
    documents=("python -m compare_gan doctor",),
  ),
  Line(
    "check",
    "python -m compare_gan check biggan_shapes32.gin"
    " --gin_bindings='options.lr = 1'",
    says=("--gin_bindings:1: error: options.lr = 1", "ModularGAN.g_lr"),
    documents=("python -m compare_gan check biggan_shapes32.gin",),
    exit_code=1,
  ),
  Line(
    "explain",
    "python -m compare_gan explain biggan_shapes32.gin",
    says=("images per D update", "https://arxiv.org/abs/"),
    documents=("python -m compare_gan explain biggan_shapes32.gin",),
  ),
  Line(
    "fit",
    "python -m compare_gan fit biggan_shapes32.gin --ram 8GB --minutes 60"
    " --out 'für mich.gin' --gin_bindings='options.batch_size = 4'"
    " --data_fake_dataset",
    leaves=("für mich.gin",),
    says=("chosen", "of the card's 800 steps"),
    documents=(
      "python -m compare_gan fit biggan_shapes32.gin --ram 8GB --minutes 60"
      " --out fit.gin",
    ),
  ),
)

_BUNDLES = "tests/commands/bundle_test.py runs the verb in the process"
_MINUTES = "trains for minutes or hours; lines above stand for it"
_NETWORK = "needs a network"
_INSTALLS = "how the environment of these tests is made"
_TESTS = "runs tests, as CI does"
_TOWER = "needs a network's file; tests/commands/features_test.py has one"
_PARSED = "tests/troubleshooting_test.py parses it and checks its bindings"
_BENCHMARK = "measures for minutes; tests/benchmarks/ has small ones"

# Lines of README and docs that are not run, and why.
NOT_RUN = {
  "python -m compare_gan doctor --quick --json": (
    "tests/commands/doctor_test.py runs the verb in the process"
  ),
  "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
  " --model_dir=runs/a --gin_bindings='watchdog.action = \"go_back\"'": _PARSED,
  "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
  " --gin_config=flowers.gin --model_dir=runs/flowers"
  " --gin_bindings='options.init_from = \"runs/a\"'": _PARSED,
  "python -m compare_gan sample --model_dir=runs/a --n=100 --classes=3"
  " --truncation=0.7 --out=samples": _PARSED,
  "python -m compare_gan list devices": _PARSED,
  "python -m compare_gan list watchdogs": _PARSED,
  "python -m compare_gan sample --bundle shapes32-biggan --n 64": (
    "tests/front_door/installed_test.py runs it from a wheel"
  ),
  "python -m compare_gan list bundles": (
    "tests/configuration/kinds_test.py lists each kind"
  ),
  (
    "python -m compare_gan bundle runs/a --out shapes.zip --license CC-BY-4.0"
  ): _BUNDLES,
  "python -m compare_gan bundle runs/a --push user/name": _BUNDLES,
  "python -m compare_gan bundle hf://user/name --out shapes.zip": _BUNDLES,
  "pip install 'compare_gan[huggingface]'": "needs a network",
  (
    "python -m compare_gan check sndcgan_cifar10.gin regularisers/r1.gin"
    " --gin_bindings='options.batch_size = 32' --strict"
  ): "tests/checks/check_test.py runs the verb in the process",
  (
    "python -m compare_gan explain --diff sndcgan_cifar10.gin"
    " resnet_cifar10.gin"
  ): "tests/checks/explanation_test.py runs the verb in the process",
  (
    "python -m compare_gan import_torch --generator G_ema.pth"
    " --gin_config biggan_pytorch.gin --model_dir imported"
  ): "tests/commands/import_torch_test.py runs the verb in the process",
  "python -m compare_gan explain --search warmup": (
    "tests/checks/explanation_test.py runs the verb in the process"
  ),
  "python -m compare_gan reproduce runs/a": (
    "tests/commands/reproduce_test.py runs the verb, with processes of its own"
  ),
  "pip install 'compare_gan[mlflow]'": (
    "the extra of setup.py; tests/setup_test.py reads it"
  ),
  "pip install 'compare_gan[wandb]'": (
    "the extra of setup.py; tests/setup_test.py reads it"
  ),
  "make demo": _MINUTES,
  "make test": _TESTS,
  "make test-long": _TESTS,
  "make test-all": _TESTS,
  "make test-versions": _TESTS,
  "make test-slow": _TESTS,
  (
    "python -m compare_gan export --model_dir=runs/mygan"
    " --format=my_package.pbtxt --out=mygan.pbtxt"
  ): "tests/commands/export_test.py runs the example in the process",
  "python -m compare_gan list presets": (
    "tests/configuration/kinds_test.py asks for their names"
  ),
  "python -m compare_gan list exports": (
    "tests/configuration/kinds_test.py lists each kind"
  ),
  "make docs": (
    "it installs the extra docs; tests/docs_build tests what it is made of"
  ),
  "make docs NOTEBOOKS=run": (
    "it takes long; tests/notebooks_test.py runs the notebooks with few steps, "
    "and tests/docs_build makes their pages"
  ),
  "make lint": "CI runs it before the tests",
  "make format": "changes the checkout",
  "bash .ci/run": _TESTS,
  "bash .ci/run --all": _TESTS,
  "python -m pytest": _TESTS,
  'make test PYTEST_ARGS="tests/architectures -k dcgan"': _TESTS,
  "make test-versions VENV=.venv-tf2.6 PYTHON=python3.9"
  " CONSTRAINTS=constraints-tf2.6.txt": _TESTS,
  "make test-versions VENV=.venv-tf2.15 PYTHON=python3.11"
  " CONSTRAINTS=constraints-tf2.15.txt": _TESTS,
  "ARCHITECTURES=my_package.mygan python -m pytest tests/architectures"
  " -k mygan": _TESTS,
  "GOLDEN_DIR=<folder> python -m pytest tests/golden_test.py": _TESTS,
  "python -m compare_gan.main --gin_config=resnet_cifar10.gin"
  " --gin_config=regularisers/post_hoc_ema.gin --model_dir=runs/post_hoc": (
    "needs CIFAR-10; tests/configs_test.py lays each preset over a card"
  ),
  "python -m compare_gan evaluate --model_dir runs/post_hoc --ema 0.08": (
    "tests/evaluation/post_hoc_test.py runs it on a tiny model"
  ),
  "python -m compare_gan sample --model_dir runs/post_hoc --ema 0.08"
  " --out samples.npz": (
    "tests/evaluation/post_hoc_test.py runs it on a tiny model"
  ),
  "python -m compare_gan sample --model_dir runs/post_hoc --n 100"
  ' --sampler ddls --gin_bindings "ddls.steps = 200" --out samples.npz': (
    "tests/commands/sample_test.py runs it on a tiny model"
  ),
  "COMPARE_GAN_TF115_PYTHON=/path/to/python3.7 python -m pytest"
  " tests/export": _TESTS,
  "pip install -e .": _INSTALLS,
  "pip install .": "tests/front_door/installed_test.py installs a wheel",
  "pip install .[study,onnx]": _INSTALLS,
  "pip install -c constraints-tf2.6.txt .": _INSTALLS,
  "pip install -c constraints-tf2.15.txt .": _INSTALLS,
  "python -m compare_gan --version": "tests/setup_test.py runs it",
  "python -m compare_gan list cards": (
    "tests/configuration/kinds_test.py lists each kind"
  ),
  "make package": "builds for minutes; tests/packaging/ has its parts",
  "make test-oldest": _TESTS,
  "make check-docker": "downloads gigabytes; tests/packaging/docker_test.py",
  "pip install -e .[test]": _INSTALLS,
  "pip install -e .[gpu]": _INSTALLS,
  "pip install -e .[onnx]": _INSTALLS,
  "pip install -e .[study]": _INSTALLS,
  "pip install -c constraints-tf2.6.txt -e .": _INSTALLS,
  "pip install -c constraints-tf2.15.txt -e .": _INSTALLS,
  "pip install compare_gan[study]": _INSTALLS,
  "pip install scikit-learn umap-learn": _INSTALLS,
  "pip install tensorflow-cpu==2.6.5": _INSTALLS,
  "pip install -r pip-requirements.txt -c constraints-tf2.6.txt": _INSTALLS,
  "pip install npu_device-2.6.5-*.whl -t $TFPLUGIN_INSTALL_PATH": (
    "needs Huawei's wheel"
  ),
  "python -m compare_gan datasets prepare --name cifar10": _NETWORK,
  "python -m compare_gan.main --gin_config=resnet_cifar10.gin"
  " --schedule=eval_after_train": "needs CIFAR-10, which is downloaded",
  "python -m compare_gan.main --gin_config=biggan_shapes32.gin"
  f" --model_dir=runs/s1 {_SCORED} {_SEED}"
  " --gin_bindings='options.training_steps = 5000'"
  " --gin_bindings='run_config.save_checkpoints_steps = 1000'"
  " --gin_bindings='evaluate.metrics = [@fid, @inception_score,"
  " @precision_recall, @conditional_accuracy, @memorization]'": _MINUTES,
  "python -m compare_gan.main --gin_config=bigbigan_shapes32.gin"
  f" --model_dir=runs/s0 {_SCORED} {_SEED}": _MINUTES,
  "python -m compare_gan features --help": (
    "tests/commands/features_test.py reads it"
  ),
  "python -m compare_gan features make-json towers/dinov2_vitl14 --like dinov2"
  " --licence Apache-2.0 --port facebookresearch/dinov2": _TOWER,
  "python -m compare_gan features check towers/dinov2_vitl14"
  " --against towers/dinov2_vitl14/source.npz": _TOWER,
  "pip install -e .[features]": _INSTALLS,
  "python -m compare_gan export --model_dir=runs/a --format=onnx"
  " --out=model.onnx": "tf2onnx takes a minute; tests/export/ has it",
  "python -m compare_gan.main --model_dir=/shared/run1"
  " --gin_config=resnet_cifar10.gin": (
    "needs two hosts; tests/two_processes_test.py has them"
  ),
  "srun python -m compare_gan.main --model_dir=$SCRATCH/run1"
  " --gin_config=biggan_imagenet128.gin": "needs Slurm",
  "python -m compare_gan study run mine.gin --out /shared/mine"
  " --executor slurm --jobs 64 --executor_option slurm_partition=gpu"
  " --executor_option gpus_per_node=1 --executor_option threads=8": (
    "needs Slurm; tests/study/executors/ has a double"
  ),
  "python -m compare_gan.main --run_config=tpu"
  " --gin_config=resnet_cifar10.gin": "needs a TPU",
  "RANK_ID=$i ASCEND_DEVICE_ID=$i python -m compare_gan.main"
  " --run_config=npu --model_dir=runs/a --gin_config=biggan_cifar.gin": (
    "needs eight cards; tests/estimator/devices/npu/devices_test.py has doubles"
  ),
  "python -m benchmarks.data": _BENCHMARK,
  "python -m benchmarks.scaling": _BENCHMARK,
  "python -m benchmarks.compare_commits main --gin_config"
  " sndcgan_shapes16.gin": _BENCHMARK,
  "python -m benchmarks.web_frame_rate --bundle shapes16-sndcgan": _BENCHMARK,
  "python -m benchmarks.web_frame_rate --bundle shapes32-biggan": _BENCHMARK,
  "python -m benchmarks.web_frame_rate --gin_config dcgan_celeba64.gin"
  " --pixels 64": _BENCHMARK,
  "python -m benchmarks.web_frame_rate --gin_config biggan_imagenet128.gin"
  " --pixels 64 --classes 1000 --half --gin_bindings"
  " \"weights.initializer = 'normal'\""
  ' --gin_bindings "resnet_biggan.Generator.ch = 64"': _BENCHMARK,
  "python -m compare_gan web --bundle shapes32-biggan --engine onnxruntime"
  " --out page.html": "tests/commands/web_test.py runs the verb in the process",
  "python -m benchmarks.metrics": _BENCHMARK,
  "python -m benchmarks.fit": _BENCHMARK,
  "python -m benchmarks.start": _BENCHMARK,
  "python -m benchmarks.profile --gin_config demo.gin --out profile.png": (
    _BENCHMARK
  ),
  (
    "python -m benchmarks.peers --torch torch/bin/python --precision bfloat16"
  ): _BENCHMARK,
  "python -m benchmarks.peers --torch torch/bin/python --device cuda"
  " --precision bfloat16": _BENCHMARK,
  "python -m benchmarks.profile --gin_config biggan_cifar.gin --batch 16"
  " --steps 3": _BENCHMARK,
  "python -m benchmarks.growth --gin_config biggan_shapes32.gin"
  ' --grow "options.batch_size = {}" --by 8,16,32,64,128,256': _BENCHMARK,
  "python -m benchmarks.train_step --gin_config resnet_cifar10.gin"
  " --steps 20": _BENCHMARK,
  "python -m benchmarks.train_step --gin_config resnet_cifar10.gin"
  " --steps 20 --xla": _BENCHMARK,
  "python -m benchmarks.train_step --gin_config resnet_cifar10.gin"
  ' --steps 20 --gin_bindings "GPURunConfig.tf32 = False"': _BENCHMARK,
  "python -m benchmarks.train_step --gin_config resnet_cifar10.gin"
  ' --steps 20 --gin_bindings "GPURunConfig.layout_pass = False"': _BENCHMARK,
  "python -m compare_gan study run regularisers_2026_tuning.gin"
  " --out runs/tuning": "134 trainings; presets_test.py plans it",
  "python -m compare_gan study run regularisers_2026.gin"
  " --out runs/regularisers": "648 trainings; presets_test.py plans it",
  "python -m compare_gan study run regularisers_2026_winners.gin"
  " --out runs/winners": "288 trainings; presets_test.py plans it",
  "python -m compare_gan study run regularisers_2026_cifar10.gin"
  " --out runs/cifar10": "132 trainings; presets_test.py plans it",
  "python -m compare_gan study run networks_shapes32.gin --out runs/networks"
  " --executor_option threads=1": "18 trainings; presets_test.py plans it",
  "python -m compare_gan study run networks_cifar10.gin"
  " --out runs/networks_cifar10"
  " --executor_option threads=1": "18 trainings; presets_test.py plans it",
  "python -m compare_gan study report runs/networks": (
    "tests/commands/study_test.py writes a report"
  ),
  "python -m compare_gan study report runs/winners": (
    "tests/commands/study_test.py writes a report"
  ),
  "python -m benchmarks.regulariser_cost --gin_config sndcgan_cifar10.gin": (
    _BENCHMARK
  ),
  "python -m benchmarks.watchdogs cost --gin_config sndcgan_shapes16.gin": (
    _BENCHMARK
  ),
  "python -m benchmarks.watchdogs healthy --seeds 1 2 3 4 5 6 7 8 9 10"
  " --steps 2000": _BENCHMARK,
  "python -m benchmarks.watchdogs healthy --seeds 1 2 3 4 5 6 7 8 9 10"
  " --gin_config sndcgan_shapes16.gin --steps 500": _BENCHMARK,
  "python -m benchmarks.watchdogs healthy --seeds 1 2 3 4 5 6 7 8 9 10"
  " --gin_config dcgan_shapes32.gin --steps 300": _BENCHMARK,
  "python -m benchmarks.watchdogs healthy --seeds 1 2 3 4 5 6 7 8 9 10"
  " --gin_config biggan_shapes32.gin --steps 300"
  ' --gin_bindings "options.batch_size = 16"': _BENCHMARK,
  "python -m benchmarks.watchdogs healthy --seeds 1 2 3 4 5 6 7 8 9 10"
  " --gin_config resnet_shapes32.gin --steps 300"
  ' --gin_bindings "options.batch_size = 16"'
  ' --gin_bindings "resnet_cifar.Generator.ch = 16"'
  ' --gin_bindings "resnet_cifar.Discriminator.ch = 16"': _BENCHMARK,
  "python -m benchmarks.pixel_gaussian --gin_config=biggan_shapes32.gin": (
    _BENCHMARK
  ),
}
