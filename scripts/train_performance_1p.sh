#!/usr/bin/env bash
# Trains a model card on one card for a few steps, to see how fast it is:
#
#   bash train_performance_1p.sh --data_path=../dataset --output_path=../output
#   bash train_performance_1p.sh --data_path=train_data
#   bash train_performance_1p.sh --dataset_path=D --result_path=R \
#     --train_batch_size=256 --num_epochs=50
#
# BigBiGAN one epoch, the others 100 steps, whatever the flags say; --steps=N is
# another number. What follows a training (pictures, exports) is left out. Flags
# and files are otherwise those of train_full_1p.sh, whose --help lists them.

set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/card.sh"
is_short=True
read_flags "$@"
train
