# What the scripts of this folder share; they source it.
#
# A card's own flags go to `python -m compare_gan zoo <network>`. What that
# would run is run here, with flags of compare_gan.main on top: the device, and
# what an NPU is told. Paths are relative to where the script is called.

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python}
command -v "$python" >/dev/null || python=python3
export ASCEND_DEVICE_ID=${ASCEND_DEVICE_ID:-0}
export ASCEND_SLOG_PRINT_TO_STDOUT=${ASCEND_SLOG_PRINT_TO_STDOUT:-0}
export ASCEND_GLOBAL_LOG_LEVEL=${ASCEND_GLOBAL_LOG_LEVEL:-3}

network='' data='' result='' device='' steps='' precision_mode=''
network_of_folders='' # what the flags of the folders say, if --network does not
over_dump=False data_dump_flag=False data_dump_step=10 profiling=False
is_short=False dry_run=False path_is_shown=''
output=test/output/$ASCEND_DEVICE_ID
card_flags=(--dry_run) # of the zoo: it says what it would run
main_flags=()

# Prints the comment at the top of the script.
usage() {
  sed -n '2,/^$/ s/^# \{0,1\}//p' "$0"
}

fail() {
  echo "$(basename -- "$0"): $*" >&2
  exit 2
}

# Reads flags, "--name value" as "--name=value".
read_flags() {
  local word
  while (($#)); do
    word=$1
    shift
    case $word in
      --over_dump | --data_dump_flag | --profiling) word+='=True' ;;
      --network | --data_path | --dataset_path | --output_path | \
        --result_path | --steps | --precision_mode | --data_dump_step | \
        --run_config | --device | --chip)
        (($#)) || fail "$word needs a value, $word=VALUE."
        word+="=$1"
        shift
        ;;
    esac
    case $word in
      -h | --help)
        usage
        exit 0
        ;;
      --) # The rest is compare_gan.main's.
        main_flags+=("$@")
        return
        ;;
      --network=*) network=${word#*=} ;;
      --data_path=*)
        data=${word#*=}
        network_of_folders=${network_of_folders:-dcgan}
        ;;
      --dataset_path=*)
        data=${word#*=}
        network_of_folders=bigbigan
        ;;
      --output_path=*)
        result=${word#*=}
        [[ $network_of_folders == bigbigan ]] || network_of_folders=biggan
        ;;
      --result_path=*) result=${word#*=} ;;
      --steps=*) steps=${word#*=} ;;
      --run_config=* | --device=* | --chip=*) device=${word#*=} ;;
      --precision_mode=*) precision_mode=${word#*=} ;;
      --over_dump=*) over_dump=$(boolean "$word") ;;
      --data_dump_flag=*) data_dump_flag=$(boolean "$word") ;;
      --data_dump_step=*) data_dump_step=${word#*=} ;;
      --profiling=*) profiling=$(boolean "$word") ;;
      --dry_run) dry_run=True ;;
      *) card_flags+=("$word") ;;
    esac
  done
}

# Prints the value of --name=value as True or False.
boolean() {
  case ${1#*=} in
    True | true | 1) echo True ;;
    False | false | 0) echo False ;;
    *) fail "$1: True or False would do." ;;
  esac
}

# Reads CODE_DIR DATA_DIR RESULT_DIR and flags; all that is written goes to
# RESULT_DIR.
read_folders() {
  case ${1-} in -h | --help) read_flags "$1" ;; esac
  if (($# < 3)); then
    usage >&2
    exit 2
  fi
  root=$1 data=$2 result=$3 output=$3
  shift 3
  network=biggan
  read_flags "$@"
  [[ -d $root/compare_gan ]] || fail "CODE_DIR=$root has no compare_gan."
}

# A text as gin writes it.
quoted() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\\\'}"
}

bind() {
  main_flags=("--gin_bindings=$1 = $2" ${main_flags[@]+"${main_flags[@]}"})
}

# What is asked for comes to flags of compare_gan.main, before the user's own.
settle() {
  network=${network:-$network_of_folders}
  [[ $data ]] || fail "Where are the data? --data_path=FOLDER says it."
  refuse_urls
  [[ $steps =~ ^([1-9][0-9]*)?$ ]] || fail "--steps=$steps: 1 or more would do."
  [[ $output == /* ]] || output=$PWD/$output
  folders=("$output")
  bind card_log.folder "$(quoted "$output")"
  if [[ $is_short == True ]]; then
    bind run_config.iterations_per_loop 10 # of which the cards average ten
    if [[ $network == bigbigan ]]; then
      card_flags+=(--num_epochs=1)
    else
      steps=${steps:-100}
    fi
  fi
  [[ -z $steps ]] || bind options.training_steps "$steps"
  [[ -z $precision_mode ]] ||
    bind run_config.precision_mode "$(quoted "$precision_mode")"
  settle_dumps
  settle_device
  main_flags=("--run_config=$device" "${main_flags[@]}")
}

# OBS is no folder.
refuse_urls() {
  local place
  for place in "$data" "$result"; do
    case $place in
      obs://* | s3://*)
        fail "$place is no folder of this machine: copy it with moxing, or" \
          "train by boot_modelarts.py, which does."
        ;;
    esac
  done
}

settle_dumps() {
  local options
  if [[ $over_dump == True || $data_dump_flag == True ]]; then
    folders+=("$output/dump")
    bind NPURunConfig.dump_config '@DumpConfig()'
    bind DumpConfig.dump_path "$(quoted "$output/dump")"
    bind DumpConfig.enable_dump "$data_dump_flag"
    bind DumpConfig.enable_dump_debug "$over_dump"
    bind DumpConfig.dump_mode "'all'"
    [[ $data_dump_flag == False ]] ||
      bind DumpConfig.dump_step "$(quoted "$data_dump_step")"
  fi
  if [[ $profiling == True ]]; then
    folders+=("$output/profiling")
    bind NPURunConfig.profiling_config '@ProfilingConfig()'
    bind ProfilingConfig.enable_profiling True
    options='"task_trace":"on","aicpu":"on"' # JSON
    options="{\"output\":\"$output/profiling\",$options}"
    bind ProfilingConfig.profiling_options "$(quoted "$options")"
  fi
}

settle_device() {
  if [[ $device && $device != auto ]]; then
    echo "Trains with --run_config=$device."
    return
  fi
  device=auto # It opens a card; that npu_device is installed proves none.
  echo "Trains with --run_config=auto: on card $ASCEND_DEVICE_ID of an NPU if it" \
    "answers, else on GPUs or the CPU, without an NPU's dumps and profiles. The" \
    "training says which."
}

# Trains what was asked for.
train() {
  settle
  export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
  [[ $dry_run == True ]] || open_log
  case $network in
    dcgan) zoo out_dir --crop "--data_dir=$data/data" ;;
    bigbigan) zoo result_path "--dataset_path=$data" ;;
    biggan) zoo output "--dataset=$data" ;;
    compare_gan) compare_gan ;;
    *) fail "--network=$network: dcgan, bigbigan, biggan or compare_gan." ;;
  esac
}

# Runs what the zoo would: zoo NAME_OF_THE_RESULT'S_FLAG FLAGS
zoo() {
  [[ -z $result ]] || set -- "$@" "--$1=$result"
  shift
  local plan line
  plan=$("$python" -m compare_gan zoo "$network" "$@" "${card_flags[@]}")
  sed '/^[^#].* -m compare_gan/d' <<<"$plan"
  while IFS= read -r line <&3; do
    eval "set -- $line" # Words of a shell; the first one is the Python.
    shift
    if [[ $2 == compare_gan.main ]]; then
      run "$@" "${main_flags[@]}"
    elif [[ $is_short == False ]]; then
      run "$@" # what comes after a training
    fi
  done 3< <(sed -e '1,/^$/d' -e '/^#/d' <<<"$plan")
}

compare_gan() {
  run -m compare_gan.main --gin_config=resnet_cifar10_false.gin \
    "--tfds_data_dir=$data" ${result:+"--model_dir=$result"} --schedule=train \
    "--gin_bindings=card_log.style = 'biggan'" \
    "--gin_bindings=card_log.network = 'COMPARE_GAN_ID2103_for_TensorFlow'" \
    "${card_flags[@]:1}" "${main_flags[@]}"
}

# Prints words as a line that any shell reads, with "ä" as it is.
words() {
  "$python" -c 'import shlex, sys; print(*map(shlex.quote, sys.argv[1:]))' "$@"
}

# Runs Python with these words. Its output goes to the log, too, and a signal
# for this script to it. If it fails, the script ends with its exit code.
run() {
  if [[ $dry_run == True ]]; then
    [[ $path_is_shown ]] || words export "PYTHONPATH=$PYTHONPATH"
    path_is_shown=yes
    words "$python" "$@"
    return
  fi
  local child code=0 stopped=''
  set -m # A group of its own: a signal for all of ours would reach it twice.
  "$python" "$@" </dev/null >&4 2>&1 4>&- &
  child=$!
  set +m
  trap '[[ $stopped ]] || kill -TERM "$child"; stopped=yes' TERM INT
  while kill -0 "$child" 2>/dev/null; do
    wait "$child" || true # A signal may end the wait, not the training.
  done
  wait "$child" || code=$?
  trap - TERM INT
  [[ -z $stopped && $code == 0 ]] || exit "$code"
}

open_log() {
  local tee log=$output/train_$ASCEND_DEVICE_ID.log
  mkdir -p "${folders[@]}"
  exec 4> >(
    trap '' TERM INT # It has to outlive the training.
    exec tee "$log"
  )
  tee=$!
  # Older shells cannot wait for it, and need not.
  trap "exec 4>&-; wait $tee 2>/dev/null || true" EXIT
}
