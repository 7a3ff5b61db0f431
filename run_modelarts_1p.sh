#!/usr/bin/env bash
# Trains and scores COMPARE_GAN's model card, as its own script does, on an NPU
# where there is one:
#
#   bash run_modelarts_1p.sh CODE_DIR DATA_DIR RESULT_DIR [flags of main.py]
#
# Flags of your own come after the card's and win.

set -euo pipefail
if (($# < 3)); then
  echo "usage: $0 CODE_DIR DATA_DIR RESULT_DIR [flags of compare_gan.main]" >&2
  exit 2
fi
code_dir=$1 data_dir=$2 result_dir=$3
shift 3
python=${PYTHON:-python}

export ASCEND_SLOG_PRINT_TO_STDOUT=0
export ASCEND_GLOBAL_LOG_LEVEL=3

# Whether words set a flag: has NAME WORDS
has() {
  local name=$1 word
  shift
  for word; do
    [[ ! $word =~ ^--?$name(=|$) ]] || return 0
  done
  return 1
}

# The modules of pip-requirements.txt, and those that it leaves to the image.
missing_modules='
import importlib.util
names = """absl gin importlib_resources matplotlib numpy PIL psutil scipy
  setuptools tensorflow tensorflow_datasets tensorflow_gan tensorflow_hub tqdm"""
print(*[n for n in names.split() if importlib.util.find_spec(n) is None])'

if ! "$python" -m pip install --quiet \
  --requirement "$code_dir/pip-requirements.txt"; then
  missing=$("$python" -c "$missing_modules")
  if [[ $missing ]]; then
    echo "$0: pip failed, and Python finds no $missing." >&2
    exit 1
  fi
  echo "pip failed, but all that it was to install is there: going on."
fi

# The configuration's old place: its file is found in configs/.
flags=(--schedule=eval_after_train --eval_every_steps=60000)
has gin_config "$@" ||
  flags+=("--gin_config=$code_dir/compare_gan/resnet_cifar10_false.gin")
inception=$data_dir/frozen_inception_v1_2015_12_05.tar.gz
if has myevalinception "$@"; then
  echo "Scores are by the Inception network of --myevalinception."
elif [[ -f $inception ]]; then
  flags+=("--myevalinception=$inception")
  echo "Scores are by the Inception network in $inception."
else
  echo "Scores use a classifier trained on the dataset, not comparable with" \
    "published ones: there is no $inception."
fi

mkdir -p "$result_dir"
exec "$python" "$code_dir/compare_gan/main.py" \
  --model_dir="$result_dir" --tfds_data_dir="$data_dir" "${flags[@]}" "$@"
