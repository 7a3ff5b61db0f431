#!/usr/bin/env bash
# Trains the model card of BigGAN on GPUs:
#
#   bash run_gpu.sh CODE_DIR DATA_DIR RESULT_DIR [flags]
#
# CODE_DIR holds the package, DATA_DIR the .mat files; RESULT_DIR gets all that
# is written. --network=compare_gan is COMPARE_GAN's card without its scores,
# which run_modelarts_1p.sh makes, too. Other flags are those of
# train_full_1p.sh, whose --help lists them. Exit code: the training's.

set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/card.sh"
device=gpu
read_folders "$@"
train
