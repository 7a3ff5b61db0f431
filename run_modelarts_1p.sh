#!/usr/bin/env bash
# Trains COMPARE_GAN's model card on one card, as its own script does:
#
#   bash run_modelarts_1p.sh CODE_DIR DATA_DIR RESULT_DIR [flags of main.py]

set -euo pipefail
if (($# < 3)); then
  echo "usage: $0 CODE_DIR DATA_DIR RESULT_DIR [flags of compare_gan.main]" >&2
  exit 2
fi
code_dir=$1 data_dir=$2 result_dir=$3
shift 3

export TF_CPP_MIN_LOG_LEVEL=2
export ASCEND_SLOG_PRINT_TO_STDOUT=0
export ASCEND_GLOBAL_LOG_LEVEL=3

python=${PYTHON:-python}
"$python" -m pip install --requirement "$code_dir/pip-requirements.txt"
mkdir -p "$result_dir"

# The configuration's old place: its file is found in configs/.
exec "$python" "$code_dir/compare_gan/main.py" \
  --model_dir="$result_dir" \
  --tfds_data_dir="$data_dir" \
  --gin_config="$code_dir/compare_gan/resnet_cifar10_false.gin" \
  --myevalinception="$data_dir/frozen_inception_v1_2015_12_05.tar.gz" \
  --schedule=eval_after_train \
  --eval_every_steps=60000 \
  "$@"
