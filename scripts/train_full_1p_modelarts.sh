#!/usr/bin/env bash
# Trains a model card on one card of a ModelArts container, all of its steps:
#
#   bash train_full_1p_modelarts.sh --data_path=D --output_path=O
#
# BigGAN, or what --network=NAME says. Without them D is /cache/dataset and O is
# /cache/result, where boot_modelarts.py and the platform keep data and results.
# Nothing is written outside of O, as a container is lost at its end: the log,
# <Case>.log, dumps and profiles are there, too. Other flags are those of
# train_full_1p.sh, whose --help lists them. Exit code: the training's.

set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/card.sh"
network_of_folders=biggan
read_flags "$@"
data=${data:-/cache/dataset} result=${result:-/cache/result}
output=$result
train
