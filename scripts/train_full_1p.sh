#!/usr/bin/env bash
# Trains a model card on one card, all of its steps:
#
#   bash train_full_1p.sh --data_path=../dataset --output_path=../output
#   bash train_full_1p.sh --data_path=train_data
#   bash train_full_1p.sh --dataset_path=D --result_path=R --num_epochs=50
#
#   --data_path=D        with --output_path: data of BigGAN, D has .mat files;
#                        alone: data of DCGAN, the images in D/data/celebA
#   --output_path=O      where BigGAN is to write
#   --dataset_path=D     data of BigBiGAN, tensorflow_datasets' folder
#   --result_path=R      where the others are to write
#   --network=NAME       other than these say: dcgan, bigbigan, biggan or
#                        compare_gan (D is tensorflow_datasets')
#   --steps=N            so many instead of all
#   --precision_mode=M   allow_fp32_to_fp16, force_fp16, must_keep_origin_dtype
#                        or allow_mix_precision
#   --over_dump=True     an NPU dumps what overflows
#   --data_dump_flag=1   an NPU dumps tensors, at the steps --data_dump_step=10
#   --profiling=True     an NPU writes a profile
#   --run_config=KIND    npu, gpu, cpu or tpu; default: auto, an NPU if one answers
#   --dry_run            print what would be run
#
# Other flags are those of `python -m compare_gan zoo NAME`, for compare_gan
# those of compare_gan.main; what stands behind -- is compare_gan.main's always.
#
# test/output/$ASCEND_DEVICE_ID has train_$ASCEND_DEVICE_ID.log and <Case>.log,
# dumps and profiles. PYTHON=... names the Python. Exit code: the training's.

set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/card.sh"
read_flags "$@"
train
